import { after, before, describe } from 'node:test';
import { type NodeCluster, startNodeCluster } from '../cluster/node/start-node-cluster.ts';
import { whyNoNode } from '../cluster/node/why-no-node.ts';
import { buildImage } from '../image/build-image.ts';
import { badInstallCases } from './bad-install-cases.ts';
import { badNightCases } from './bad-night-cases.ts';
import { crashCases } from './crash-cases.ts';
import { modeCases } from './mode-cases.ts';
import { nightCases } from './night-cases.ts';

const skip = (await whyNoNode()) ?? false;

describe('installed on a cluster whose pods run', { skip }, () => {
  let cluster: NodeCluster;

  before(async () => {
    const image = await buildImage((line) => void process.stderr.write(`${line}\n`));
    cluster = await startNodeCluster();
    await cluster.importImage(image.archive);
  });
  after(() => cluster.stop());

  // None of these changes the cluster for the others.
  describe('side by side', { concurrency: true }, () => {
    nightCases(() => cluster);
    modeCases(() => cluster);
    badInstallCases(() => cluster);
  });
  crashCases(() => cluster);
  badNightCases(() => cluster);
});

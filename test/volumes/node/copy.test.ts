import { after, before, describe } from 'node:test';
import { type NodeCluster, startNodeCluster } from '../../cluster/node/start-node-cluster.ts';
import { whyNoNode } from '../../cluster/node/why-no-node.ts';
import { type BuiltImage, buildImage } from '../../image/build-image.ts';
import { crashCases } from './crash-cases.ts';
import { firstCases } from './first-cases.ts';
import { pendingCases } from './pending-cases.ts';
import { stillCases } from './still-cases.ts';
import { tierCases } from './tier-cases.ts';

const skip = (await whyNoNode()) ?? false;

describe('volumes on a node', { skip }, () => {
  let cluster: NodeCluster;
  let image: BuiltImage;

  before(async () => {
    image = await buildImage((line) => void process.stderr.write(`${line}\n`));
    cluster = await startNodeCluster();
    await cluster.importImage(image.archive);
  });
  after(() => cluster.stop());

  const place = (): { cluster: NodeCluster; image: string } => ({ cluster, image: image.name });
  // Each has a project of its own.
  describe('side by side', { concurrency: 3 }, () => {
    firstCases(place);
    tierCases(place);
    stillCases(place);
  });
  // These take the node's processors, and its kubelet.
  pendingCases(place);
  crashCases(place);
});

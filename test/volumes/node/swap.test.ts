import { after, before, describe } from 'node:test';
import { type NodeCluster, startNodeCluster } from '../../cluster/node/start-node-cluster.ts';
import { whyNoNode } from '../../cluster/node/why-no-node.ts';
import { type BuiltImage, buildImage } from '../../image/build-image.ts';
import type { Place } from './first-cases.ts';
import { hookCases } from './hook-cases.ts';
import { swapCases } from './swap-cases.ts';

const skip = (await whyNoNode()) ?? false;

// Most of the time is spent with waiting for pods.
describe('volumes under an application, on a node', { skip, concurrency: 4 }, () => {
  let cluster: NodeCluster;
  let image: BuiltImage;

  before(async () => {
    image = await buildImage((line) => void process.stderr.write(`${line}\n`));
    cluster = await startNodeCluster();
    await cluster.importImage(image.archive);
  });
  after(() => cluster.stop());

  const place: Place = () => ({ cluster, image: image.name });
  swapCases(place, {
    kind: 'Deployment',
    claim: 'data',
    deaths: ['reserve', 'make-claim'],
    deathsBack: ['make-old-claim'],
  });
  swapCases(place, {
    kind: 'StatefulSet',
    claim: 'files-db-0',
    deaths: ['drop-copy', 'resume'],
    deathsBack: [],
  });
  hookCases(place);
});

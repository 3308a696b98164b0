import { after, before, describe } from 'node:test';
import { type NodeCluster, startNodeCluster } from '../../cluster/node/start-node-cluster.ts';
import { whyNoNode } from '../../cluster/node/why-no-node.ts';
import { type BuiltImage, buildImage } from '../../image/build-image.ts';
import { nightCases } from './night-cases.ts';
import { postgresCases } from './postgres-cases.ts';

const skip = (await whyNoNode()) ?? false;

describe('volumes at night', { skip }, () => {
  let cluster: NodeCluster;
  let image: BuiltImage;

  before(async () => {
    image = await buildImage((line) => void process.stderr.write(`${line}\n`));
    cluster = await startNodeCluster();
    await cluster.importImage(image.archive);
  });
  after(() => cluster.stop());

  const place = (): { cluster: NodeCluster; image: string } => ({ cluster, image: image.name });
  nightCases(place);
  postgresCases(place);
});

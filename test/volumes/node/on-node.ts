import { after, before } from 'node:test';
import { type NodeCluster, startNodeCluster } from '../../cluster/node/start-node-cluster.ts';
import { type BuiltImage, buildImage } from '../../image/build-image.ts';

/** Where a copy is made: a cluster, and the image of the pods that copy. */
export type Place = () => { readonly cluster: NodeCluster; readonly image: string };

/** Starts a cluster with a node that has the image, for the suite in which this is called. */
export function placeOnNode(): Place {
  let cluster: NodeCluster;
  let image: BuiltImage;
  before(async () => {
    image = await buildImage((line) => void process.stderr.write(`${line}\n`));
    cluster = await startNodeCluster();
    await cluster.importImage(image.archive);
  });
  after(() => cluster.stop());
  return () => ({ cluster, image: image.name });
}

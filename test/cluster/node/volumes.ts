import { chmod, chown, mkdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cluster } from '../cluster.ts';
import { enterNode, nodeFolder } from './place.ts';
import { runCommand } from '../run-command.ts';

/** What a volume on the node is to be like. */
export interface VolumeRequest {
  /** Of the PersistentVolume. */
  readonly name: string;
  /** Who owns its root folder; default root. */
  readonly uid?: number;
  readonly gid?: number;
  /** The rights of its root folder; default 0o770. */
  readonly mode?: number;
  /** As the PersistentVolume says, which nothing enforces; default `1Gi`. */
  readonly capacity?: string;
  /** Default: all. */
  readonly accessModes?: readonly string[];
  /** Default: none (`''`), for claims that ask for no class. */
  readonly storageClassName?: string;
  /** The only claim that may have it; default: any. */
  readonly claim?: { readonly namespace: string; readonly name: string };
  /** A file system of its own, which is full when this many bytes are written; default: a folder of the node's disk. */
  readonly fileSystem?: { readonly type: 'ext4' | 'tmpfs'; readonly bytes: number };
}

/** A volume on the node. */
export interface NodeVolume {
  /** Where this process sees what pods see in it. */
  readonly folder: string;
}

/** Makes a folder, or a file system, on the node whose holder this is, and a PersistentVolume for it. */
export async function makeVolume(
  cluster: Cluster,
  node: number,
  request: VolumeRequest,
): Promise<NodeVolume> {
  const target = path.join(nodeFolder(cluster.description.folder), 'volumes', request.name);
  await mkdir(target, { recursive: true });
  if (request.fileSystem) await mountFileSystem(node, target, request.fileSystem);
  // By way of the node's own view: what is mounted there is not mounted here.
  const folder = `/proc/${node}/root${target}`;
  await chown(folder, request.uid ?? 0, request.gid ?? 0);
  await chmod(folder, request.mode ?? 0o770);
  await cluster.apply([persistentVolume(request, target)]);
  return { folder };
}

async function mountFileSystem(
  node: number,
  target: string,
  { type, bytes }: NonNullable<VolumeRequest['fileSystem']>,
): Promise<void> {
  const mount = [...enterNode(node), 'mount', '-t', type];
  if (type === 'tmpfs') return void (await runCommand([...mount, '-o', `size=${bytes}`, 'tmpfs', target]));
  const image = `${target}.img`;
  await writeFile(image, '');
  await truncate(image, bytes);
  await runCommand(['mkfs.ext4', '-q', '-m', '0', image]);
  // The loop device is let go when the node's mounts go.
  await runCommand([...mount, '-o', 'loop', image, target]);
}

function persistentVolume(request: VolumeRequest, target: string) {
  const { name, claim, capacity = '1Gi', storageClassName = '' } = request;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: capacity },
      accessModes: request.accessModes ?? ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName,
      hostPath: { path: target, type: 'Directory' },
      ...(claim && { claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim } }),
    },
  };
}

import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createGzip } from 'node:zlib';
import { startReaper } from '../cluster/processes.ts';
import { runProgram } from '../support/run-program.ts';

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties, of which this is a part. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly WorkingDir: string;
  readonly ExposedPorts: Readonly<Record<string, unknown>>;
  readonly Labels: Readonly<Record<string, string>>;
}

/** An image's files and settings. */
export interface UnpackedImage {
  /** The folder that is `/` in a container. */
  readonly root: string;
  readonly config: ImageConfig;
  /** What the last layer brings: all that the Dockerfile adds to its base image. */
  readonly lastLayer: { readonly file: string; readonly entries: readonly string[] };
  readonly remove: () => Promise<void>;
}

/** Unpacks a docker-archive into a temporary folder, with the owners and rights that its files have. Needs root. */
export async function unpackImage(archive: string): Promise<UnpackedImage> {
  const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-root-'));
  // It must go also if this process is killed.
  const reaper = startReaper(folder);
  const root = path.join(folder, 'root');
  await mkdir(root);
  await runProgram('tar', ['-xf', archive, '-C', folder]);
  const [manifest] = await readJson<[{ Config: string; Layers: string[] }]>(
    path.join(folder, 'manifest.json'),
  );
  const { config } = await readJson<{ config: ImageConfig }>(path.join(folder, manifest.Config));
  let entries: string[] = [];
  for (const layer of manifest.Layers) {
    const file = path.join(folder, layer);
    entries = (await runProgram('tar', ['-tf', file])).split('\n').filter((entry) => entry !== '');
    await removeWhatItTakesAway(root, entries);
    await runProgram('tar', ['-xpf', file, '--numeric-owner', '--exclude=.wh.*', '-C', root]);
  }
  return {
    root,
    config,
    lastLayer: { file: path.join(folder, manifest.Layers.at(-1) ?? ''), entries },
    remove: async () => {
      await rm(folder, { recursive: true });
      reaper.release();
    },
  };
}

/** A copy of the image's files that shares their content: files may be removed and added, not changed. */
export async function linkedCopy({ root }: UnpackedImage, name: string): Promise<string> {
  const copy = path.join(path.dirname(root), name);
  await runProgram('cp', ['-al', root, copy]);
  return copy;
}

/** The sum of its files' sizes, in bytes; what has two names counts once. */
export async function unpackedBytes(root: string): Promise<number> {
  return Number.parseInt(await runProgram('du', ['--summarize', '--bytes', root]), 10);
}

/** What gzip makes of a tar file, which is what a registry carries, in bytes. */
export async function gzipBytes(file: string): Promise<number> {
  let bytes = 0;
  for await (const chunk of createReadStream(file).pipe(createGzip())) bytes += (chunk as Buffer).length;
  return bytes;
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts */
async function removeWhatItTakesAway(root: string, entries: readonly string[]): Promise<void> {
  for (const entry of entries) {
    const name = path.basename(entry);
    if (name === '.wh..wh..opq') throw new Error(`${entry}: opaque folders are not known here`);
    if (!name.startsWith('.wh.')) continue;
    await rm(path.join(root, path.dirname(entry), name.slice('.wh.'.length)), {
      recursive: true,
      force: true,
    });
  }
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8'));
}

import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from '../binaries.ts';
import { runCommand } from '../run-command.ts';

const MODULE_FOLDER = path.join(import.meta.dirname, '..', 'binaries');
/** As Go and image formats call processors. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** An image with one program, `/tiny`: see binaries/tiny/main.go for what it can do. It's there from the start. */
export const TINY_IMAGE = 'docker.io/openshift-backup-test/tiny:1';
/** The same image holds the namespaces of each pod: with no arguments the program does nothing. */
export const SANDBOX_IMAGE = TINY_IMAGE;

/**
 * The tar file (docker-archive) of TINY_IMAGE, which Go builds once, in a second, into the user's cache folder.
 *
 * @throws when there is no Go
 */
export async function tinyImage(): Promise<string> {
  const source = await readFile(path.join(MODULE_FOLDER, 'tiny', 'main.go'));
  const hash = createHash('sha256').update(source).digest('hex').slice(0, 12);
  const archive = path.join(cacheFolder(), `tiny-image-${hash}.tar`);
  if (existsSync(archive)) return archive;
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(path.join(cacheFolder(), 'tiny-image-'));
  try {
    await writeArchive(folder, await buildProgram(folder));
    // Two at once each write a file of their own; the later rename replaces an equal file.
    const unfinished = path.join(cacheFolder(), `tiny-image-${randomUUID()}.tmp`);
    await runCommand(['tar', '-C', folder, '-cf', unfinished, 'manifest.json', 'config.json', 'layer.tar']);
    await rename(unfinished, archive);
    return archive;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function buildProgram(folder: string): Promise<string> {
  const program = path.join(folder, 'tiny');
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', '-s -w'];
  await runCommand(['go', 'build', ...flags, '-o', program, './tiny'], {
    cwd: MODULE_FOLDER,
    env: { CGO_ENABLED: '0' },
  });
  return program;
}

/** https://github.com/moby/docker-image-spec/blob/v1.3.1/v1.2.md#combined-image-json--filesystem-changeset-format */
async function writeArchive(folder: string, program: string): Promise<void> {
  const root = path.join(folder, 'root');
  const layer = path.join(folder, 'layer.tar');
  await mkdir(path.join(root, 'tmp'), { recursive: true });
  await copyFile(program, path.join(root, 'tiny'));
  await runCommand(['tar', '-C', root, '--owner=0', '--group=0', '--mode=755', '-cf', layer, 'tiny', 'tmp']);
  const digest = createHash('sha256')
    .update(await readFile(layer))
    .digest('hex');
  const config = {
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: { Entrypoint: ['/tiny'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  const manifest = [{ Config: 'config.json', RepoTags: [TINY_IMAGE], Layers: ['layer.tar'] }];
  await writeFile(path.join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
}

import { globSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../cluster/binaries.ts';
import { type DebianBase, debianBase } from './base-image.ts';
import { withBuildah } from './buildah.ts';
import { cachedFolder } from './cached-folder.ts';
import { settingsAsMounts } from './host-settings.ts';

const ROOT = path.join(import.meta.dirname, '../..');
/** What the Dockerfile copies, and what decides what it does. */
const INPUTS = [
  '.dockerignore',
  '.npmrc',
  'Dockerfile',
  'LICENSE',
  'package-lock.json',
  'package.json',
  'rolldown.config.ts',
  'tsconfig.json',
  'src/**/*',
];
/** The default name of the image, and what container runtimes make of it. */
const NAME = 'openshift-backup:latest';

/** An image of this project, on the Debian stand-in for its base image. */
export interface BuiltImage {
  /** A docker-archive, for `ctr images import` and the like. Lies in a cache: don't change it. */
  readonly archive: string;
  /** The image's full name in it. */
  readonly name: string;
  /** The size of the archive, which is not compressed. */
  readonly bytes: number;
  /** How long the build took, when it was built. */
  readonly buildMs: number;
}

/**
 * Builds the project's own Dockerfile with buildah; once for the same sources, for all tests and runs. Needs root.
 *
 * @throws {KnownError} with buildah's last lines
 */
export async function buildImage(log: Log): Promise<BuiltImage> {
  const base = await debianBase(log);
  const inputs = await readInputs();
  const folder = await cachedFolder({
    kind: 'image',
    madeOf: [base.build, await readFile(import.meta.filename), ...[...inputs].flat()],
    make: async (unfinished) => {
      log('Building the image, once for these sources: half a minute');
      const startedMs = performance.now();
      await build(path.join(unfinished, 'image.tar'), base, inputs);
      await writeFile(path.join(unfinished, 'build-ms'), String(Math.round(performance.now() - startedMs)));
    },
  });
  const archive = path.join(folder, 'image.tar');
  return {
    archive,
    name: `docker.io/library/${NAME}`,
    bytes: (await stat(archive)).size,
    buildMs: Number(await readFile(path.join(folder, 'build-ms'), 'utf8')),
  };
}

/** The content of each input, by its path in the project. */
async function readInputs(): Promise<Map<string, Buffer>> {
  const entries = globSync([...INPUTS], { cwd: ROOT, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    files.toSorted().map(async (file) => [path.relative(ROOT, file), await readFile(file)] as const),
  );
  return new Map(contents);
}

async function build(archive: string, base: DebianBase, inputs: ReadonlyMap<string, Buffer>): Promise<void> {
  await withBuildah(async ({ folder, run }) => {
    // What is built is what the cache knows, though somebody may be editing the sources.
    const context = path.join(folder, 'context');
    for (const [file, content] of inputs) {
      await mkdir(path.dirname(path.join(context, file)), { recursive: true });
      await writeFile(path.join(context, file), content);
    }
    const id = path.join(folder, 'id');
    await run(
      'bud',
      '--isolation=chroot',
      '--layers=false',
      `--iidfile=${id}`,
      `--build-arg=BUILD_IMAGE=docker-archive:${base.build}`,
      `--build-arg=BASE_IMAGE=docker-archive:${base.runtime}`,
      ...(await settingsAsMounts(folder)),
      context,
    );
    await run('push', '--quiet', await readFile(id, 'utf8'), `docker-archive:${archive}:${NAME}`);
  });
}

import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../../cluster/binaries.ts';
import { withBuildah } from '../../image/buildah.ts';
import { cachedFolder } from '../../image/cached-folder.ts';
import { debianRoot } from '../../image/debian-root.ts';
import { packageSource } from '../../image/host-settings.ts';

/** The image's full name on the node. */
export const POSTGRES_IMAGE = 'docker.io/library/postgres-of-debian:latest';
/** The user and the group that it runs as. */
export const POSTGRES_UID = 5432;

/** Debian gives its user the next id that is free; here it is always the same one. */
const HOOKS = [
  `sed -i 's/^postgres:x:[0-9]*:[0-9]*:/postgres:x:${POSTGRES_UID}:${POSTGRES_UID}:/' "$1/etc/passwd"`,
  `sed -i 's/^postgres:x:[0-9]*:/postgres:x:${POSTGRES_UID}:/' "$1/etc/group"`,
  'ln -s /usr/lib/postgresql/*/bin "$1/pg"',
  'rm -rf "$1"/var/lib/postgresql/* "$1"/etc/postgresql/*',
];

/** Makes a docker-archive with Debian's PostgreSQL, once for all runs. Needs root. */
export async function postgresImage(log: Log): Promise<string> {
  const source = await packageSource();
  const folder = await cachedFolder({
    kind: 'postgres',
    madeOf: [
      ...source.lines,
      await readFile(import.meta.filename),
      await readFile(path.join(import.meta.dirname, '../../image/debian-root.ts')),
    ],
    make: async (unfinished) => {
      log('Making an image with PostgreSQL, once: half a minute');
      await withBuildah(async ({ folder: work, run }) => {
        const files = path.join(work, 'files.tar');
        await debianRoot(files, source, { packages: ['postgresql', 'procps'], hooks: HOOKS });
        const container = await run('from', 'scratch');
        await run('add', '--quiet', container, files, '/');
        await rm(files);
        const id = await run('commit', '--quiet', '--squash', container);
        await run('push', '--quiet', id, `docker-archive:${path.join(unfinished, 'image.tar')}`);
      });
    },
  });
  return path.join(folder, 'image.tar');
}

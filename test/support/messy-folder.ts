import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Manifest } from '../../src/model/manifest.ts';
import { archiveOf, manifestOf, SMALL, writeArchive, writeNight } from '../archive/zip-fixtures.ts';

/** Archives that rotation would remove if it ran: so old, and so many newer ones beside them. */
export const OLD_ARCHIVES = [
  'openshift-backup-20200101T000000Z.zip',
  'openshift-backup-20200102T000000Z.zip',
  'openshift-backup202001030015.zip',
];

/** A retention that keeps as little as may be. */
export const SHORTEST = ['--retain-days', '0', '--keep-last', '1'];

/**
 * A folder of archives as one finds it after some years: old and new ones, an incomplete one, one of the
 * original tool, a damaged one, a zip file of something else, and other files under names like ours.
 *
 * @param changes what the manifests of the old archives say: rotation looks at cluster and projects
 */
export async function makeMessyFolder(dir: string, changes: Partial<Manifest> = {}): Promise<void> {
  await mkdir(dir, { mode: 0o755 });
  await writeNight(dir, 1);
  await writeNight(dir, 2, false);
  const old = await archiveOf(SMALL, manifestOf(SMALL, changes));
  for (const name of OLD_ARCHIVES) await writeArchive(dir, name, old);
  const archive = await archiveOf(SMALL);
  const files: Record<string, Buffer | string> = {
    // The head of an archive, its tail, a zip file without a manifest, and no zip file at all.
    'openshift-backup-20261103T001500Z.zip': archive.subarray(0, 500),
    'openshift-backup-20261104T001500Z.zip': archive.subarray(500),
    'openshift-backup-20261105T001500Z.zip': Buffer.from('504b0506'.padEnd(44, '0'), 'hex'),
    'openshift-backup-20261106T001500Z.zip': '',
    'openshift-backup-20261107T001500Z.zip': 'not a zip file\n\u001b[31m',
    'foreign.zip': 'PK',
    'openshift-backup-20261332T001500Z.zip': 'no such day',
    'notes.txt': 'please do not remove\n',
    '.hidden': '',
  };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(dir, name), content);
  await mkdir(path.join(dir, 'openshift-backup-20261108T001500Z.zip'));
  await mkdir(path.join(dir, 'lost+found'));
  // Before all that the names say: an archive is as young as the younger of its name and its file.
  const longAgo = new Date('2019-12-31T00:15:00Z');
  for (const name of await readdir(dir)) await utimes(path.join(dir, name), longAgo, longAgo);
}

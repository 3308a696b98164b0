import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Stage } from './stage.ts';
import { KnownError } from '../../src/model/known-error.ts';

type Checksums = ReadonlyMap<string, string>;

/** Unpacks two archives into the folders `before` and `after`, without their manifests and facts. */
export async function unpackBoth(stage: Stage, [before, after]: readonly [string, string]): Promise<void> {
  stage.say(
    'The manifest and the facts of objects (who wrote them when) differ in any case, so they stay in the archives.',
  );
  await stage.play(`unzip -q backups/${before} -x manifest.json '_facts/*' -d before`);
  await stage.play(`unzip -q backups/${after} -x manifest.json '_facts/*' -d after`);
}

/** The same by the tool itself, for machines without `unzip`: the entries whose checksums differ. */
export async function showBoth(stage: Stage, archives: readonly [string, string]): Promise<void> {
  const [old, young] = [await checksums(stage, archives[0]), await checksums(stage, archives[1])];
  const files = [...new Set([...old.keys(), ...young.keys()])].toSorted();
  stage.say(
    `The checksums in the manifests say which of ${files.length} entries differ; show writes them out.`,
  );
  for (const file of files.filter((name) => old.get(name) !== young.get(name))) {
    const [project = '', entry = ''] = file.split('/');
    const scope = project === '_cluster' ? '' : ` -n ${project}`;
    const show = (archive: string, folder: string): Promise<string> =>
      stage.play(
        `openshift-backup show ${archive} ${entry.replace(/\.json$/u, '')}${scope} --dir ./backups > ${folder}/${file}`,
      );
    for (const folder of ['before', 'after'])
      await mkdir(path.join(stage.workshop.folder, folder, project), { recursive: true });
    if (old.has(file)) await show(archives[0], 'before');
    if (young.has(file)) await show(archives[1], 'after');
  }
}

async function checksums({ workshop }: Stage, archive: string): Promise<Checksums> {
  const { code, stdout } = await workshop.run(`openshift-backup show ${archive} -o json --dir ./backups`);
  if (code !== 0) throw new KnownError('failed', `The manifest of ${archive} can't be shown`);
  const { files } = JSON.parse(stdout) as { files: { path: string; sha256: string }[] };
  const objects = files.filter((file) => !file.path.startsWith('_facts/'));
  return new Map(objects.map((file) => [file.path, file.sha256]));
}

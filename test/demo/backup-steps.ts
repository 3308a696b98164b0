import { KnownError } from '../../src/model/known-error.ts';
import { CHANGES, mismatch } from './changes.ts';
import type { Stage } from './stage.ts';
import { showBoth, unpackBoth } from './unpack.ts';

const RUN = 'openshift-backup run --dir ./backups --kubeconfig nightly.kubeconfig';

/** Exports the cluster. @returns the archive's name */
export async function runFirst(stage: Stage): Promise<string> {
  stage.title('3. The nightly export, as that ServiceAccount');
  const expect =
    /^Complete: [1-9][\d,]* objects in \d+ files, .*\nLeft out by rules: \d+ objects .*\nArchive: \.\/backups\//mu;
  await stage.play(`${RUN} -o table`, { expect, lines: [6, 4] });
  return await newestOf(stage, 1);
}

/** Shows what can be done with an archive. */
export async function lookInside(stage: Stage, archive: string, mayUnzip: boolean): Promise<void> {
  stage.title('4. What is in the archive');
  await stage.play('openshift-backup list --dir ./backups', {
    expect: new RegExp(`^${archive} .* complete$`, 'mu'),
  });
  if (mayUnzip) {
    const expect = / shop\/deployments\.apps\.json\n/u;
    await stage.play(`unzip -l backups/${archive}`, { expect, lines: [6, 3] });
  } else {
    stage.say(
      'There is no unzip, and no way to install it here: openshift-backup reads its archives itself.',
    );
  }
  await stage.play('openshift-backup show latest -n shop --dir ./backups', {
    expect: /^shop\/deployments\.apps\.json +2 /mu,
    lines: [4, 1],
  });
  const show = 'openshift-backup show latest deployments.apps/cart -n shop --dir ./backups';
  checkDeployment(await stage.play(show, { lines: [11, 1] }));
  await stage.play('openshift-backup verify --dir ./backups', {
    expect: new RegExp(`^${archive}: OK \\(complete`, 'u'),
  });
}

/** Changes objects of the cluster, as somebody would by day. */
export async function changeObjects(stage: Stage): Promise<void> {
  stage.title('5. Somebody changes something');
  for (const { commandLine } of CHANGES) await stage.play(commandLine);
}

/** Exports the cluster once more. @returns the archive's name */
export async function runAgain(stage: Stage): Promise<string> {
  stage.title('6. The next night');
  await stage.play(`${RUN} -o name`, { expect: /^\.\/backups\/[^/\n]+\.zip\n$/u });
  return await newestOf(stage, 2);
}

/** Shows what differs between two archives, and checks that it is what was changed and nothing else. */
export async function compareArchives(
  stage: Stage,
  archives: readonly [string, string],
  mayUnzip: boolean,
): Promise<void> {
  stage.title('7. What has changed?');
  await stage.play('openshift-backup diff --dir ./backups', { code: 1, expect: /^3 objects changed /mu });
  stage.say('The same with plain tools:');
  await (mayUnzip ? unpackBoth(stage, archives) : showBoth(stage, archives));
  const diff = await stage.play('diff -r before after', { code: 1 });
  const { missing, unexpected } = mismatch(diff, CHANGES);
  if (missing.length > 0) throw new KnownError('failed', `diff should show ${missing.join(' · ')}`);
  if (unexpected.length > 0) throw new KnownError('failed', `nobody has changed ${unexpected.join(' · ')}`);
  stage.say(
    `Exit code 1 of diff: there are differences. They are the ${CHANGES.length} changes that were made, and nothing else.`,
  );
}

/** Says what to do on a cluster of one's own. */
export function sayWhatIsNext(stage: Stage): void {
  stage.title('On a cluster of your own, with the kubeconfig that you have:');
  stage.say('  npm start -s -- run --dir ./backups     writes an archive of what you may read');
  stage.say('  npm start -s -- types                   which types that is, and why not the others');
  stage.say('  npm start -s -- --help                  all commands');
}

/** The newest archive, of so many. */
async function newestOf({ workshop }: Stage, count: number): Promise<string> {
  const { stdout } = await workshop.run('openshift-backup list --dir ./backups -o name');
  const [newest, ...older] = stdout.trim().split('\n');
  if (newest === undefined || older.length !== count - 1)
    throw new KnownError('failed', `${count} archives should be in ./backups, and there are: ${stdout}`);
  return newest;
}

/** That an object comes as somebody has configured it, without what the server adds. */
function checkDeployment(text: string): void {
  const { metadata, spec, status } = JSON.parse(text) as Record<string, Record<string, unknown> | undefined>;
  const fields = Object.keys(metadata ?? {}).join();
  if (spec?.['replicas'] === 1 && status === undefined && fields === 'labels,name,namespace') return;
  throw new KnownError('failed', 'The Deployment does not stand in the archive as it was configured');
}

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { formatOwner, ownerState, parseOwner, thisOwner } from '../../src/archive/owner.ts';
import {
  clearLeftovers,
  discardDraft,
  type Draft,
  newDraft,
  publish,
  spoolPath,
} from '../../src/archive/publish.ts';

const root = await mkdtemp(path.join(tmpdir(), 'openshift-backup-publish-'));
after(() => rm(root, { recursive: true }));
const STARTED = new Date('2026-11-20T00:15:00Z');
const NAME = 'openshift-backup-20261120T001500Z.zip';
const HASH = 'a'.repeat(64);

async function draftIn(folder?: string): Promise<Draft> {
  const draft = newDraft(folder ?? (await mkdtemp(path.join(root, 'd-'))), 'openshift-backup', STARTED);
  await writeFile(draft.path, 'the archive');
  return draft;
}

/** A process of this host that has ended. */
function deadOwner(): string {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  return formatOwner({ ...thisOwner(), pid, startedTicks: 1 });
}

test('publish() leaves the archive and its checksum file, and nothing else', async () => {
  const draft = await draftIn();
  assert.equal(await publish(draft, true, HASH), NAME);
  assert.deepEqual((await readdir(draft.dir)).toSorted(), [NAME, `${NAME}.sha256`]);
  assert.equal(await readFile(path.join(draft.dir, `${NAME}.sha256`), 'utf8'), `${HASH}  ${NAME}\n`);
});

test('publish() says in the name that an archive is incomplete', async () => {
  assert.equal(
    await publish(await draftIn(), false, HASH),
    'openshift-backup-20261120T001500Z-incomplete.zip',
  );
});

test('publish() takes the next second when a name is taken, and never replaces a file', async () => {
  const draft = await draftIn();
  await writeFile(path.join(draft.dir, NAME), 'older');
  await writeFile(
    path.join(draft.dir, 'openshift-backup-20261120T001501Z.zip.sha256'),
    'about to be used by another run',
  );
  assert.equal(await publish(draft, true, HASH), 'openshift-backup-20261120T001502Z.zip');
  assert.equal(await readFile(path.join(draft.dir, NAME), 'utf8'), 'older');
  assert.equal((await readdir(draft.dir)).filter((name) => name.startsWith('.')).length, 0);
});

test('discardDraft() is content when there is none', async () => {
  const draft = await draftIn();
  await discardDraft(draft);
  await discardDraft(draft);
  assert.deepEqual(await readdir(draft.dir), []);
});

test('clearLeftovers() clears what dead runs have left, and only that', async () => {
  const draft = await draftIn();
  const dead = deadOwner();
  const elsewhere = `1-1-${'0'.repeat(12)}`;
  const [old, recent] = ['openshift-backup-20261101T001500Z.zip', 'openshift-backup-20261102T001500Z.zip'];
  const gone = [
    `.${NAME}.${dead}.draft`,
    `.${NAME}.${dead}.spool7`,
    `.${NAME}.${dead}.sum`,
    `.${NAME}.${dead}.probe`,
    `.${old}.${elsewhere}.draft`,
    'openshift-backup-20261103T001500Z.zip.sha256',
  ];
  const stays = [
    `.${recent}.${elsewhere}.draft`,
    // Its archive is about to come: a run on another host still works on it.
    `${recent}.sha256`,
    path.basename(spoolPath(draft, 3)),
    'openshift-backup-20261104T001500Z.zip',
    'openshift-backup-20261104T001500Z.zip.sha256',
    '.hidden',
    '.nfs0001',
    'foreign.zip.sha256',
    '.foreign.zip.1-1-000000000000.draft',
    'notes.txt',
  ];
  for (const name of [...gone, ...stays]) await writeFile(path.join(draft.dir, name), '');
  const longAgo = new Date(Date.now() - 7 * 3600 * 1000);
  await utimes(path.join(draft.dir, `.${old}.${elsewhere}.draft`), longAgo, longAgo);
  assert.deepEqual((await clearLeftovers(draft)).toSorted(), gone.toSorted());
  assert.deepEqual((await readdir(draft.dir)).toSorted(), [...stays, path.basename(draft.path)].toSorted());
});

test('ownerState() knows this process, a dead one, and one that came later with the same id', () => {
  const owner = thisOwner();
  assert.deepEqual(parseOwner(formatOwner(owner)), owner);
  assert.equal(ownerState(owner), 'alive');
  assert.equal(ownerState(parseOwner(deadOwner()) ?? owner), 'dead');
  assert.equal(ownerState({ ...owner, startedTicks: owner.startedTicks + 1 }), 'dead');
  assert.equal(ownerState({ ...owner, host: '0'.repeat(12) }), 'unknown');
  for (const text of ['', 'x', '1-2', '1-2-zz', '1-2-0123456789ab-x'])
    assert.equal(parseOwner(text), undefined);
});

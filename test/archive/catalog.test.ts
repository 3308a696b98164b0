import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { readCatalog, resolveArchive } from '../../src/archive/catalog.ts';
import { formatArchiveName } from '../../src/model/archive-name.ts';
import { extraField, rawEntries, rawZip } from './raw-zip.ts';
import {
  archiveOf,
  manifestOf,
  SMALL,
  temporaryFolder,
  writeArchive,
  writeNight,
  zipOf,
} from './zip-fixtures.ts';

async function statesOf(dir: string): Promise<Record<string, string>> {
  const entries = await readCatalog(dir);
  return Object.fromEntries(
    entries.map(({ name, state }) => [name.file, state.kind === 'unreadable' ? state.reason : state.kind]),
  );
}

test('A folder is listed newest first, with what each archive says of itself', async (t) => {
  const dir = await temporaryFolder(t);
  const older = await writeNight(dir, 2);
  const newer = await writeNight(dir, 10);
  const incomplete = await writeNight(dir, 9, false);
  await writeFile(join(dir, 'openshift-backup202611050015.zip'), 'made by the original');
  const modified = new Date('2026-11-12T01:02:03Z');
  await utimes(join(dir, newer), modified, modified);
  const entries = await readCatalog(dir);
  assert.deepEqual(
    entries.map(({ name, state }) => [name.file, state.kind]),
    [
      [newer, 'complete'],
      [incomplete, 'incomplete'],
      ['openshift-backup202611050015.zip', 'original'],
      [older, 'complete'],
    ],
  );
  const [first] = entries;
  assert.ok(first?.state.kind === 'complete');
  assert.deepEqual(first.state, {
    kind: 'complete',
    clusterId: 'cluster-a',
    selection: '',
    objectCount: 4,
    projectCount: 1,
    gapCount: 0,
  });
  assert.deepEqual(first.modifiedAt, modified);
  assert.equal(first.sizeBytes, (await readFile(first.path)).length);
  assert.equal(first.path, join(dir, newer));
});

test('Archives of one instant are sorted by name', async (t) => {
  const dir = await temporaryFolder(t);
  const instant = new Date('2026-11-20T00:15:00Z');
  const files = ['b', 'a', 'c'].map((backup) => formatArchiveName(backup, instant, true));
  for (const file of files) await writeArchive(dir, file, await archiveOf(SMALL));
  assert.deepEqual(Object.keys(await statesOf(dir)), files.toSorted());
});

test('Files that are no archives are left out', async (t) => {
  const dir = await temporaryFolder(t);
  const file = await writeNight(dir, 2);
  const others = [
    'photos.zip',
    `.${file}`,
    `.${file}.12-34-abc.draft`,
    '.nfs000000000000001',
    `${file}.part`,
    'openshift-backup-20261399T001500Z.zip',
    'openshift-backup-20261120.zip',
    'OPENSHIFT-BACKUP-20261120T001500Z.zip',
    'lost+found',
  ];
  for (const other of others) await writeFile(join(dir, other), 'x');
  assert.deepEqual(Object.keys(await statesOf(dir)), [file]);
});

test('What cannot be read is listed with the reason', async (t) => {
  const dir = await temporaryFolder(t);
  const cut = await writeNight(dir, 3);
  await writeFile(join(dir, cut), (await readFile(join(dir, cut))).subarray(0, -10));
  const foreign = formatArchiveName('openshift-backup', new Date(Date.UTC(2026, 10, 4)), true);
  await writeFile(join(dir, foreign), await zipOf({ 'a.txt': Buffer.from('x') }));
  const empty = formatArchiveName('openshift-backup', new Date(Date.UTC(2026, 10, 5)), true);
  await writeFile(join(dir, empty), '');
  const folder = formatArchiveName('openshift-backup', new Date(Date.UTC(2026, 10, 6)), true);
  await mkdir(join(dir, folder));
  const link = formatArchiveName('openshift-backup', new Date(Date.UTC(2026, 10, 7)), true);
  await symlink('/etc/passwd', join(dir, link));
  const praised = await writeNight(dir, 8, false);
  await rename(join(dir, praised), join(dir, praised.replace('-incomplete', '')));
  const slandered = await writeNight(dir, 9);
  await rename(join(dir, slandered), join(dir, slandered.replace('.zip', '-incomplete.zip')));
  const states = await statesOf(dir);
  assert.match(states[cut] ?? '', /^not a zip file, or cut off/u);
  assert.match(states[foreign] ?? '', /^entry "a\.txt" has a name/u);
  assert.match(states[empty] ?? '', /^not a zip file/u);
  assert.equal(states[folder], 'not a plain file');
  assert.equal(states[link], 'not a plain file');
  assert.equal(
    states[praised.replace('-incomplete', '')],
    'its name says complete, its manifest says incomplete',
  );
  assert.equal(
    states[slandered.replace('.zip', '-incomplete.zip')],
    'its name says incomplete, its manifest says complete',
  );
});

test('An archive repacked by another tool is read like any other', async (t) => {
  const dir = await temporaryFolder(t);
  const file = await writeNight(dir, 3);
  const times = { extra: extraField(0x5455, Buffer.concat([Buffer.of(3), Buffer.alloc(4)])) };
  const entries = rawEntries(SMALL).map((entry) => ({ ...entry, central: times }));
  await writeFile(join(dir, file), rawZip(entries));
  assert.deepEqual(await statesOf(dir), { [file]: 'complete' });
});

test('Of a large archive only the manifest is read', async (t) => {
  const dir = await temporaryFolder(t);
  const filler = { ...SMALL, 'shop/large.json': Buffer.alloc(2 * 1024 * 1024, 'x') };
  const manifest = Buffer.from(JSON.stringify(manifestOf(SMALL)));
  const bytes = await zipOf({ ...filler, 'manifest.json': manifest }, { isStored: true });
  await writeFile(join(dir, formatArchiveName('openshift-backup', new Date(0), true)), bytes);
  await readCatalog(dir);
  const before = await readByteCount();
  const [entry] = await readCatalog(dir);
  assert.equal(entry?.state.kind, 'complete');
  assert.ok((await readByteCount()) - before < 100_000);
});

test('A folder that cannot be read is wrong usage, and the message says what to do', async (t) => {
  const dir = await temporaryFolder(t);
  await writeFile(join(dir, 'file'), '');
  await assert.rejects(readCatalog(join(dir, 'missing')), {
    kind: 'usage',
    message: /does not exist.*--dir/u,
  });
  await assert.rejects(readCatalog(join(dir, 'file')), { kind: 'usage', message: /is not a folder.*--dir/u });
  await assert.rejects(resolveArchive(join(dir, 'missing'), 'latest'), { kind: 'usage', message: /--dir/u });
});

test('An archive that another run removes meanwhile is left out', async (t) => {
  const dir = await temporaryFolder(t);
  const files = [];
  for (let day = 1; day <= 20; day++) files.push(await writeNight(dir, day));
  const [entries] = await Promise.all([
    readCatalog(dir),
    ...files.slice(0, 10).map((file) => rm(join(dir, file), { force: true })),
  ]);
  assert.ok(entries.length >= 10 && entries.every(({ state }) => state.kind === 'complete'));
});

test('Without permission an archive is unreadable, and a folder is wrong usage', async (t) => {
  const dir = await temporaryFolder(t);
  const file = await writeNight(dir, 1);
  await chmod(join(dir, file), 0);
  await chmod(dir, 0o755);
  assert.match(await catalogAsNobody(dir), /openshift-backup-20261101T001500Z\.zip may not be read/u);
  await chmod(dir, 0);
  assert.match(await catalogAsNobody(dir), /^usage: .* may not be read: .*--dir/u);
  await chmod(dir, 0o755);
});

/** What a user without rights is told: root, which tests often run as, may read everything. */
async function catalogAsNobody(dir: string): Promise<string> {
  const script = `
    const { readCatalog } = await import(${JSON.stringify(import.meta.resolve('../../src/archive/catalog.ts'))});
    if (process.getuid() === 0) {
      process.setgroups([]);
      process.setgid(65534);
      process.setuid(65534);
    }
    const text = await readCatalog(process.argv[1]).then(JSON.stringify, ({ kind, message }) => kind + ': ' + message);
    process.stdout.write(text);
  `;
  const args = ['--input-type=module', '-e', script, dir];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

/** What this process has read so far, the page cache included (proc(5), /proc/pid/io, rchar). */
async function readByteCount(): Promise<number> {
  return Number(/^rchar: (?<count>\d+)$/mu.exec(await readFile('/proc/self/io', 'utf8'))?.groups?.['count']);
}

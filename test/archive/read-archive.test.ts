import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { openArchive, readManifest } from '../../src/archive/read-archive.ts';
import { MANIFEST_ENTRY } from '../../src/model/manifest.ts';
import { failureOf, withArchive } from './hostile-archives.ts';
import { archiveOf, manifestOf, SMALL, temporaryFolder, zipOf } from './zip-fixtures.ts';

const MANIFEST = manifestOf(SMALL);

test('An archive as archiver writes it is read whole', async (t) => {
  const dir = await temporaryFolder(t);
  for (const isStored of [false, true]) {
    const contents = { ...SMALL, [MANIFEST_ENTRY]: Buffer.from(canonicalJson(MANIFEST)) };
    await withArchive(dir, await zipOf(contents, { isStored }), async (archive) => {
      assert.deepEqual(
        Array.from(archive.entries, ({ path, sizeBytes }) => [path, sizeBytes]),
        Object.entries(contents).map(([path, content]) => [path, content.length]),
      );
      const read = await Promise.all(Object.keys(contents).map((path) => archive.read(path)));
      assert.deepEqual(read, Object.values(contents));
      assert.deepEqual(await archive.manifest(), MANIFEST);
      await assert.rejects(archive.read('shop/nothing.json'), { kind: 'failed', message: /has no entry/u });
    });
  }
});

test('An archive that was cut off anywhere is refused', async (t) => {
  const dir = await temporaryFolder(t);
  const contents = { ...SMALL, 'shop/secrets.json': randomBytes(12_000) };
  const bytes = await archiveOf(contents, MANIFEST);
  for (let length = bytes.length - 1; length >= 0; length -= 97) {
    const { message } = await failureOf(dir, bytes.subarray(0, length));
    assert.match(message, /not a zip file|cut off/u, `${length} bytes`);
  }
});

test('A path that is no readable file is wrong usage', async (t) => {
  const dir = await temporaryFolder(t);
  await mkdir(join(dir, 'folder.zip'));
  await promisify(execFile)('mkfifo', [join(dir, 'pipe.zip')]);
  await symlink('nowhere', join(dir, 'dangling.zip'));
  await writeFile(join(dir, 'file'), '');
  const cases = {
    'missing.zip': /does not exist$/u,
    'file/below.zip': /does not exist/u,
    'folder.zip': /is not a file$/u,
    'pipe.zip': /is not a file$/u,
    'dangling.zip': /does not exist$/u,
    [`${'n'.repeat(300)}.zip`]: /too long/u,
  };
  for (const [file, message] of Object.entries(cases)) {
    const path = join(dir, file);
    for (const read of [openArchive, readManifest])
      await assert.rejects(read(path), { kind: 'usage', message });
  }
});

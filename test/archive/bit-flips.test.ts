import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openArchive } from '../../src/archive/read-archive.ts';
import { verifyArchive } from '../../src/archive/verify-archive.ts';
import {
  archiveOf,
  configMap,
  type Contents,
  listOf,
  manifestOf,
  temporaryFolder,
  writeArchive,
} from './zip-fixtures.ts';

const NAME = 'openshift-backup-20261120T001500Z.zip';
const CONTENTS: Contents = { 'shop/configmaps.json': listOf(configMap('a', { key: 'value' })) };

test('Whatever bit of an archive flips, it is found', async (t) => {
  const dir = await temporaryFolder(t);
  const bytes = await archiveOf(CONTENTS);
  const path = await writeArchive(dir, NAME, bytes);
  const directoryStart = bytes.readUInt32LE(bytes.length - 6);
  let harmlessCount = 0;
  for (let at = 0; at < bytes.length; at++) {
    // Every bit of the directory and one bit of each byte before it: enough, and fast.
    const bits = at < directoryStart ? [at % 8] : [0, 1, 2, 3, 4, 5, 6, 7];
    for (const bit of bits) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      await writeFile(path, flipped);
      const { result, problems } = await verifyArchive(path);
      assert.equal(result, 'damaged', `byte ${at}, bit ${bit}`);
      if (problems.length > 1) continue;
      // Nothing but the checksum file tells: then every reader must still see the same content.
      harmlessCount++;
      await assertSame(path, CONTENTS);
    }
  }
  assert.ok(harmlessCount < bytes.length / 2, `${harmlessCount} flips were seen by the checksum file alone`);
});

async function assertSame(path: string, contents: Contents): Promise<void> {
  const archive = await openArchive(path);
  try {
    assert.deepEqual(await archive.manifest(), manifestOf(contents));
    assert.deepEqual(
      await Promise.all([...archive.entries].slice(0, -1).map((entry) => archive.read(entry.path))),
      Object.values(contents),
    );
  } finally {
    await archive.close();
  }
}

import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { type Verification, verifyArchive } from '../../src/archive/verify-archive.ts';
import { archiveOf, SMALL, temporaryFolder, writeArchive } from './zip-fixtures.ts';

const NAME = 'openshift-backup-20261120T001500Z.zip';
const MIB = 1024 * 1024;

test('Checksum files', async (t) => {
  const dir = await temporaryFolder(t);
  const path = await writeArchive(dir, NAME, await archiveOf(SMALL));
  const { sha256 } = await verifyArchive(path);
  const zeros = '0'.repeat(64);
  const cases: readonly (readonly [string | undefined, Verification['result'], RegExp])[] = [
    [`${sha256}  ${NAME}\n`, 'sound', /^$/u],
    [`${sha256} *${NAME}\n`, 'sound', /^$/u],
    [`${sha256}  ${NAME}`, 'sound', /^$/u],
    [undefined, 'sound', /^there is no checksum file/u],
    [`${zeros}  ${NAME}\n`, 'damaged', /^the SHA-256 differs/u],
    [`${sha256}  other.zip\n`, 'damaged', /of another archive$/u],
    [`${sha256}  ./${NAME}\n`, 'damaged', /of another archive$/u],
    [`${sha256}\n`, 'damaged', /is not a checksum file$/u],
    [`${sha256}  ${NAME}\n${sha256}  ${NAME}\n`, 'damaged', /is not a checksum file$/u],
    ['', 'damaged', /is not a checksum file$/u],
    ['x'.repeat(MIB), 'damaged', /is not a checksum file$/u],
  ];
  for (const [text, result, line] of cases) {
    await rm(`${path}.sha256`, { force: true });
    if (text !== undefined) await writeFile(`${path}.sha256`, text);
    const verification = await verifyArchive(path);
    assert.equal(verification.result, result, text);
    assert.match([...verification.problems, ...verification.notes].join(), line);
  }
  await rm(`${path}.sha256`);
  await mkdir(`${path}.sha256`);
  assert.match((await verifyArchive(path)).problems.join(), /is not a checksum file$/u);
});

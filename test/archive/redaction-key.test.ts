import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { KEY_FILE, loadRedaction } from '../../src/archive/redaction-key.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-key-'));
after(() => rm(folder, { recursive: true }));

test('The key is made once, readable by its owner only, and many runs at once use one', async () => {
  const dir = path.join(folder, 'once');
  await mkdir(dir);
  const all = await Promise.all(Array.from({ length: 20 }, () => loadRedaction(dir, '')));
  assert.equal(new Set(all.map(({ keyId }) => keyId)).size, 1);
  assert.deepEqual(await readdir(dir), [KEY_FILE]);
  assert.equal((await stat(path.join(dir, KEY_FILE))).mode & 0o777, 0o600);
  const [first] = all;
  assert.equal((await loadRedaction(dir, '')).fingerprint('a', 'b'), first?.fingerprint('a', 'b'));
});

test('A key that is given is used, with or without a last line break', async () => {
  const file = path.join(folder, 'given');
  await writeFile(file, 'k'.repeat(32));
  const bare = await loadRedaction(folder, file);
  await writeFile(file, `${'k'.repeat(32)}\n`);
  assert.equal((await loadRedaction(folder, file)).keyId, bare.keyId);
  await writeFile(file, `${'l'.repeat(32)}\n`);
  const other = await loadRedaction(folder, file);
  assert.notEqual(other.keyId, bare.keyId);
  assert.notEqual(other.fingerprint('p', 'v'), bare.fingerprint('p', 'v'));
});

test('A fingerprint is the same for the same value in the same place, and tells nothing of it', async () => {
  const { fingerprint } = await loadRedaction(folder, await keyFile('property'));
  const long = fc.string({ minLength: 8 });
  fc.assert(
    fc.property(long, long, long, (place, value, other) => {
      const text = fingerprint(place, value);
      assert.match(text, /^redacted:[0-9a-f]{32}$/u);
      assert.equal(fingerprint(place, value), text);
      assert.equal(fingerprint(place, other) === text, other === value);
      assert.equal(fingerprint(other, value) === text, other === place);
      assert.ok(!text.includes(value));
    }),
  );
});

test('A key that cannot be used is refused in one line', async () => {
  const short = path.join(folder, 'short');
  await writeFile(short, 'k'.repeat(31));
  await assert.rejects(loadRedaction(folder, short), isKnown(/has 31 bytes, and 32 are needed/u));
  await assert.rejects(
    loadRedaction(folder, path.join(folder, 'none')),
    isKnown(/There is no redaction key/u),
  );
  await assert.rejects(loadRedaction(folder, folder), isKnown(/is not a file/u));
  await assert.rejects(loadRedaction(path.join(folder, 'no-volume'), ''), isKnown(/does not exist/u));
  const large = path.join(folder, 'large');
  await writeFile(large, 'k'.repeat(100_000));
  await assert.rejects(loadRedaction(folder, large), isKnown(/at most 64 KiB/u));
  if (process.getuid?.() === 0) return;
  const locked = await keyFile('locked');
  await chmod(locked, 0);
  await assert.rejects(loadRedaction(folder, locked), isKnown(/Cannot read the redaction key/u));
});

async function keyFile(name: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `${name} `.repeat(10));
  assert.ok((await readFile(file)).length >= 32);
  return file;
}

function isKnown(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Error && error.name === 'KnownError' && message.test(error.message);
}

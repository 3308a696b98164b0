import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { openArchive } from '../../src/archive/read-archive.ts';
import { verifyArchive } from '../../src/archive/verify-archive.ts';
import { systemErrorCode } from '../../src/model/known-error.ts';
import {
  type Gap,
  gapsOf,
  type Manifest,
  MANIFEST_ENTRY,
  type ManifestHead,
  type Outcome,
} from '../../src/model/manifest.ts';

/** What every run writes anew beside the archives, however it ends. */
const OF_EVERY_RUN: readonly string[] = ['status.json', 'openshift-backup.prom'];

/** The names in a folder, sorted, hidden ones too, without what every run writes anew. */
export async function namesIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => !OF_EVERY_RUN.includes(name)).toSorted();
}

/** Each of these files with its SHA-256: two results that are equal hold the same. */
export async function filesIn(dir: string): Promise<Record<string, string>> {
  const names = await namesIn(dir);
  const digests = names.map(async (name) => [name, await digestOf(path.join(dir, name))] as const);
  return Object.fromEntries(await Promise.all(digests));
}

/** The archives in a folder, by name. */
export async function archivesIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => /^[a-z].*\.zip$/u.test(name)).toSorted();
}

/** The path of the only archive in a folder, after asserting that nothing but its checksum lies beside it. */
export async function onlyArchive(dir: string): Promise<string> {
  const files = await namesIn(dir);
  const [archive = ''] = files;
  assert.deepEqual(files, [archive, `${archive}.sha256`]);
  return path.join(dir, archive);
}

/** The content of every entry that holds objects, by its path. */
export async function entriesOf(archivePath: string): Promise<Record<string, string>> {
  const archive = await openArchive(archivePath);
  try {
    const texts: [string, string][] = [];
    for (const { path: entry } of archive.entries) {
      if (entry !== MANIFEST_ENTRY && !entry.startsWith('_facts/'))
        texts.push([entry, (await archive.read(entry)).toString()]);
    }
    return Object.fromEntries(texts);
  } finally {
    await archive.close();
  }
}

/** The manifest of an archive. */
export async function manifestOf(archivePath: string): Promise<Manifest> {
  const archive = await openArchive(archivePath);
  try {
    return await archive.manifest();
  } finally {
    await archive.close();
  }
}

/** What happened to a type, by scope. */
export function outcomesOf({ types }: ManifestHead, type: string): Record<string, Outcome> {
  const records = types.filter((record) => record.type === type);
  assert.equal(records.length, 1, `${type} stands once in the manifest`);
  return Object.fromEntries(
    records.flatMap(({ outcomes }) => outcomes.map((outcome) => [outcome.scope, outcome])),
  );
}

/** The gaps that a manifest names, as `type scope`, sorted. */
export function gapNames({ types }: ManifestHead): string[] {
  return gapsOf(types)
    .map(({ type, scope }: Gap) => `${type} ${scope}`)
    .toSorted();
}

/** Asserts that an archive and its checksum file are whole, every object in it included. */
export async function assertSound(archivePath: string): Promise<void> {
  const { result, problems, notes } = await verifyArchive(archivePath, { level: 'contents' });
  assert.deepEqual({ result, problems, notes }, { result: 'sound', problems: [], notes: [] }, archivePath);
}

async function digestOf(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  } catch (error) {
    // A folder; or gone since the folder was read.
    return systemErrorCode(error) ?? 'unreadable';
  }
}

import { ZipArchive } from 'archiver';
import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { formatArchiveName } from '../../src/model/archive-name.ts';
import { type FileRecord, type Manifest, MANIFEST_ENTRY } from '../../src/model/manifest.ts';

/** The content of entries by path, in the order in which they are written. */
export type Contents = Readonly<Record<string, Buffer>>;

/** A folder for one test, removed when the test ends. */
export async function temporaryFolder(test: { after(fn: () => Promise<void>): void }): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'openshift-backup-'));
  test.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** An object that can be applied, whose canonical form takes a few hundred bytes. */
export function configMap(name: string, data: Record<string, string> = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' }, data };
}

/** The content of an entry: a List in canonical form. */
export function listOf(...items: readonly object[]): Buffer {
  return Buffer.from(canonicalJson({ apiVersion: 'v1', kind: 'List', items }));
}

/** Three small entries, as a run would write them. */
export const SMALL: Contents = {
  'shop/configmaps.json': listOf(configMap('a', { key: 'value' }), configMap('b')),
  'shop/deployments.apps.json': listOf(configMap('web', { text: 'x'.repeat(300) })),
  '_cluster/clusterroles.rbac.authorization.k8s.io.json': listOf(configMap('system:node')),
};

/** The manifest of these contents. */
export function manifestOf(contents: Contents, changes: Partial<Manifest> = {}): Manifest {
  return {
    format: 1,
    tool: { name: 'openshift-backup', version: '0.1.0' },
    ruleSet: 'rules-1',
    cluster: { id: 'cluster-a', serverVersion: 'v1.36.0' },
    startedAt: '2026-11-20T00:15:00.000Z',
    endedAt: '2026-11-20T00:15:42.500Z',
    isComplete: true,
    options: { namespaces: [] },
    types: [],
    files: Object.entries(contents).map(([path, content]) => recordOf(path, content)),
    ...changes,
  };
}

/** A manifest but for its files, as a writer is given it. */
export const { files: _none, ...MANIFEST_HEAD } = manifestOf({});

/** A manifest that names one gap. */
export function incompleteManifestOf(contents: Contents): Manifest {
  const outcomes = [{ scope: '*', result: 'failed', reason: 'HTTP 503' }] as const;
  const type = { type: 'routes.route.openshift.io', apiVersion: 'route.openshift.io/v1', kind: 'Route' };
  return manifestOf(contents, { isComplete: false, types: [{ ...type, isNamespaced: true, outcomes }] });
}

function recordOf(path: string, content: Buffer): FileRecord {
  const { items } = JSON.parse(content.toString()) as { items: readonly unknown[] };
  return { path, sha256: hash('sha256', content), sizeBytes: content.length, objectCount: items.length };
}

/** A zip file as archiver writes it, with these entries and no others. */
export async function zipOf(
  contents: Contents,
  options: { readonly isStored?: boolean } = {},
): Promise<Buffer> {
  const zip = new ZipArchive({ zlib: { level: 6 }, store: options.isStored ?? false });
  const bytes = buffer(zip);
  const date = new Date('2026-11-20T00:15:00Z');
  for (const [name, content] of Object.entries(contents)) zip.append(content, { name, date, mode: 0o640 });
  await zip.finalize();
  return await bytes;
}

/** An archive of these contents, with its manifest. */
export async function archiveOf(contents: Contents, manifest = manifestOf(contents)): Promise<Buffer> {
  return await zipOf({ ...contents, [MANIFEST_ENTRY]: Buffer.from(canonicalJson(manifest)) });
}

/** Writes an archive with its checksum file; returns its path. */
export async function writeArchive(dir: string, file: string, bytes: Buffer): Promise<string> {
  const path = join(dir, file);
  await writeFile(path, bytes);
  await writeFile(`${path}.sha256`, `${hash('sha256', bytes)}  ${file}\n`);
  return path;
}

/** Writes an archive of a night in November 2026; returns its file name. */
export async function writeNight(
  dir: string,
  day: number,
  isComplete = true,
  contents: Contents = SMALL,
): Promise<string> {
  const file = formatArchiveName('openshift-backup', new Date(Date.UTC(2026, 10, day, 0, 15)), isComplete);
  const manifest = isComplete ? manifestOf(contents) : incompleteManifestOf(contents);
  await writeArchive(dir, file, await archiveOf(contents, manifest));
  return file;
}

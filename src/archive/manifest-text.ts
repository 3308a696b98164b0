import { canonicalJson } from '../json/canonical-json.ts';
import type { FileRecord, Manifest } from '../model/manifest.ts';

const FILES_AT_ONCE = 1000;
/** In an otherwise empty list of files; no other text of a manifest has a line like it. */
const EMPTY_FILES = '\n  "files": [],\n';

/**
 * The text of a manifest in canonical form, piece by piece: it names every file, and there can be a hundred
 * thousand of them.
 */
export function* manifestPieces(manifest: Manifest): Generator<Buffer, void, undefined> {
  const text = canonicalJson({ ...manifest, files: [] });
  const { files } = manifest;
  const at = text.indexOf(EMPTY_FILES);
  if (files.length === 0 || at === -1) return yield Buffer.from(canonicalJson(manifest));
  yield Buffer.from(`${text.slice(0, at)}\n  "files": [\n`);
  for (let start = 0; start < files.length; start += FILES_AT_ONCE) {
    const lines = files.slice(start, start + FILES_AT_ONCE).map(recordText);
    const isLast = start + FILES_AT_ONCE >= files.length;
    yield Buffer.from(`${lines.join(',\n')}${isLast ? '\n' : ',\n'}`);
  }
  yield Buffer.from(`  ],\n${text.slice(at + EMPTY_FILES.length)}`);
}

/** One file as canonical JSON; its values need no more than quotes. */
function recordText({ path, sha256, sizeBytes, objectCount }: FileRecord): string {
  const lines = [
    `"objectCount": ${objectCount}`,
    `"path": ${JSON.stringify(path)}`,
    `"sha256": ${JSON.stringify(sha256)}`,
    `"sizeBytes": ${sizeBytes}`,
  ];
  return `    {\n      ${lines.join(',\n      ')}\n    }`;
}

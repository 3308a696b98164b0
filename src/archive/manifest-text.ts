import { canonicalJson } from '../json/canonical-json.ts';
import type { FileRecord, ManifestHead } from '../model/manifest.ts';

/** In an otherwise empty list of files; no other text of a manifest has a line like it. */
const EMPTY_FILES = '\n  "files": [],\n';

/**
 * The text of a manifest in canonical form, piece by piece: it names every file, and there can be a hundred
 * thousand of them.
 *
 * @param pages the files in order, some at a time, and never none
 */
export function* manifestPieces(
  head: ManifestHead,
  pages: Iterable<readonly FileRecord[]>,
): Generator<Buffer, void, undefined> {
  const text = canonicalJson({ ...head, files: [] });
  const at = text.indexOf(EMPTY_FILES);
  let separator = `${text.slice(0, at)}\n  "files": [\n`;
  let isEmpty = true;
  for (const files of pages) {
    yield Buffer.from(`${separator}${files.map(recordText).join(',\n')}`);
    separator = ',\n';
    isEmpty = false;
  }
  yield Buffer.from(isEmpty ? text : `\n  ],\n${text.slice(at + EMPTY_FILES.length)}`);
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

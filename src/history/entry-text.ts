import { ITEM_DEPTH, ITEM_SEPARATOR, LIST_HEAD, LIST_TAIL } from '../archive/layout.ts';
import { ListItems } from '../archive/list-items.ts';
import type { Archive } from '../archive/read-archive.ts';
import { CanonicalWriter } from '../json/canonical-writer.ts';
import { JsonDocument } from '../json/json-document.ts';
import { JsonSyntaxError } from '../json/tape-reader.ts';
import { KnownError } from '../model/known-error.ts';
import type { FileRecord } from '../model/manifest.ts';
import { type Fingerprint, type RedactObject, redactorOf } from '../prune/redact-object.ts';

/** Stands alone on the line behind an entry: no line of an entry, which is canonical JSON, begins so. */
const END = 'END-OF-ENTRY';

/**
 * The content of entries as commands for `git fast-import`, each into the file of its path.
 *
 * @param fingerprint what stands for a secret value; undefined for an archive that holds none
 * @throws KnownError `failed` for an archive that is damaged
 */
export async function* entryCommands(
  archive: Archive,
  files: readonly FileRecord[],
  fingerprint: Fingerprint | undefined,
): AsyncGenerator<Uint8Array | string, void, undefined> {
  const entries = files.flatMap(({ path }) => archive.entries.at(archive.entries.indexOf(path) ?? -1) ?? []);
  let rewrite: Rewriter | undefined;
  let begun = '';
  for await (const piece of archive.pieces(entries)) {
    if (piece.kind === 'damaged') throw new KnownError('failed', `${archive.path}: ${piece.reason}`);
    const { path, sizeBytes } = piece.entry;
    if (begun !== path) {
      begun = path;
      rewrite = fingerprint && new Rewriter(redactorOf(typeOf(path), fingerprint));
      yield `M 100644 inline ${path}\ndata ${rewrite ? `<<${END}` : sizeBytes}\n`;
    }
    if (rewrite) yield* rewrite.push(piece.bytes, piece.isLast);
    else yield piece.bytes;
    if (piece.isLast) yield rewrite ? `${END}\n` : '\n';
  }
}

/** Writes one entry anew, object by object, without its secret values. */
class Rewriter {
  readonly #redact: RedactObject;
  readonly #items = new ListItems();
  readonly #writer = new CanonicalWriter();
  #isBegun = false;

  constructor(redact: RedactObject) {
    this.#redact = redact;
  }

  *push(bytes: Buffer, isLast: boolean): Generator<Uint8Array, void, undefined> {
    for (const item of this.#items.push(bytes, isLast)) {
      yield this.#isBegun ? ITEM_SEPARATOR : LIST_HEAD;
      this.#isBegun = true;
      // A copy: the writer uses its memory again.
      yield Buffer.from(this.#written(item));
    }
    if (isLast) yield LIST_TAIL;
  }

  #written(item: Buffer): Uint8Array {
    try {
      const document = new JsonDocument(item);
      this.#redact(document, document.root);
      return this.#writer.write(document, document.root, ITEM_DEPTH);
    } catch (error) {
      // Its text may quote the object.
      throw error instanceof JsonSyntaxError
        ? new KnownError('failed', 'An object in the archive is no JSON: "openshift-backup verify" says more')
        : error;
    }
  }
}

function typeOf(path: string): { readonly plural: string; readonly group: string } {
  const name = path.slice(path.indexOf('/') + 1, -'.json'.length);
  const dot = name.indexOf('.');
  return dot === -1
    ? { plural: name, group: '' }
    : { plural: name.slice(0, dot), group: name.slice(dot + 1) };
}

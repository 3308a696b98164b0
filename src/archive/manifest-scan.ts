import { isUtf8 } from 'node:buffer';
import { JsonDocument } from '../json/json-document.ts';
import { JsonSyntaxError } from '../json/tape-reader.ts';
import type { FileRecord, ManifestHead } from '../model/manifest.ts';
import { checkedFiles, checkedHead } from './manifest.ts';

/** Behind the first come the files, behind the second the rest. */
const LIST_BEGIN = Buffer.from('\n  "files": [\n    ');
const LIST_END = Buffer.from('\n  ],\n');
/** Takes the place of the list. */
const EMPTY_LIST = Buffer.from('\n  "files": [],\n');
/** Between two files. */
const SEPARATOR = Buffer.from(',\n    ');
const NEXT_FILE = Buffer.concat([SEPARATOR, Buffer.from('{')]);

/** The text is read in pieces of this size: some hundred files become JavaScript values at a time. */
const PIECE_BYTES = 64 * 1024;
/** What stands before the files, and one file, are far shorter in what we write. */
const MAX_PENDING_BYTES = 1024 * 1024;

/**
 * Takes the text of a manifest apart without holding it: the files go to `take`, some hundred at a time, each
 * of them checked. This needs the form in which manifests are written; what is in another one, or wrong, is for
 * `parseManifest`, which reads every form and says what is wrong.
 *
 * That the outcome is what `parseManifest` would give rests on two things. The text without its files is JSON,
 * in which the place that they were taken from is the one list of files at the top. And each part of the list
 * is JSON by itself.
 *
 * @returns the manifest without its files; undefined for a text that has to be read in the other way, and
 *   then what `take` was given counts for nothing
 */
export async function scanManifest(
  pieces: AsyncIterable<Buffer>,
  take: (files: readonly FileRecord[]) => void,
): Promise<ManifestHead | undefined> {
  const scan = new ManifestScan(take);
  for await (const piece of pieces) {
    for (let start = 0; start < piece.length; start += PIECE_BYTES) {
      if (!scan.push(piece.subarray(start, start + PIECE_BYTES))) return undefined;
    }
  }
  return scan.end();
}

class ManifestScan {
  readonly #take: (files: readonly FileRecord[]) => void;
  #place: 'before' | 'files' | 'behind' = 'before';
  #pending: Buffer = Buffer.alloc(0);
  readonly #rest: Buffer[] = [];
  /** Where the list of files begins. */
  #listStart = 0;

  constructor(take: (files: readonly FileRecord[]) => void) {
    this.#take = take;
  }

  /** Returns false when the text can't be read in this way. */
  push(piece: Buffer): boolean {
    if (this.#place === 'behind') {
      this.#rest.push(Buffer.from(piece));
      return true;
    }
    this.#pending = Buffer.concat([this.#pending, piece]);
    if (this.#place === 'before' && !this.#begin()) return this.#pending.length <= MAX_PENDING_BYTES;
    return this.#files();
  }

  end(): ManifestHead | undefined {
    if (this.#place !== 'behind') return undefined;
    const bytes = Buffer.concat(this.#rest);
    const head = checkedHead(parsed(bytes.toString()));
    return head && isUtf8(bytes) && isListOfFiles(bytes, this.#listStart) ? head : undefined;
  }

  /** Returns whether the list has begun. */
  #begin(): boolean {
    const at = this.#pending.indexOf(LIST_BEGIN);
    if (at === -1) return false;
    this.#rest.push(this.#pending.subarray(0, at), EMPTY_LIST);
    this.#listStart = at + EMPTY_LIST.indexOf('[');
    this.#pending = this.#pending.subarray(at + LIST_BEGIN.length);
    this.#place = 'files';
    return true;
  }

  /** Takes the files that are there whole. Returns false when something is wrong with them. */
  #files(): boolean {
    const end = this.#pending.indexOf(LIST_END);
    const stop = end === -1 ? this.#pending.lastIndexOf(NEXT_FILE) : end;
    if (stop === -1) return this.#pending.length <= MAX_PENDING_BYTES;
    const files = checkedFiles(parsed(`[${this.#pending.toString('utf8', 0, stop)}]`));
    // None at all between two commas would be a list that is no JSON.
    if (!files || files.length === 0) return false;
    this.#take(files);
    if (end === -1) {
      this.#pending = this.#pending.subarray(stop + SEPARATOR.length);
    } else {
      this.#place = 'behind';
      this.#rest.push(this.#pending.subarray(end + LIST_END.length));
    }
    return true;
  }
}

/** Undefined for what is no JSON; no JSON text has that value. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the one list of files at the top of a JSON text begins there. */
function isListOfFiles(bytes: Buffer, start: number): boolean {
  try {
    const document = new JsonDocument(bytes);
    const lists = [...document.members(document.root)].filter(([key]) => document.text(key) === 'files');
    return lists.length === 1 && lists.every(([, list]) => document.tape[list + 1] === start);
  } catch (error) {
    // Nested more deeply than anything that has been written here.
    if (error instanceof JsonSyntaxError) return false;
    throw error;
  }
}

import { FileCounter } from '../model/file-counter.ts';
import type { FileCounts, FileRecord } from '../model/manifest.ts';

const FILES_PER_PAGE = 1000;
const DIGEST_BYTES = 32;

/** Many files: the paths in one string, the rest in numbers and bytes. */
interface Page {
  readonly paths: string;
  readonly digests: Buffer;
  /** The size and the number of objects of each in turn. */
  readonly numbers: Float64Array;
}

/** The files of an archive that is being written: about 90 bytes for each, where an object would take 250. */
export class FileList {
  readonly #pages: Page[] = [];
  #last: FileRecord[] = [];

  get counts(): FileCounts {
    const counter = new FileCounter();
    for (const files of this.pages()) counter.take(files);
    return counter.counts();
  }

  /** Adds a file. */
  add(file: FileRecord): void {
    if (this.#last.push(file) < FILES_PER_PAGE) return;
    this.#pages.push(packed(this.#last));
    this.#last = [];
  }

  /** All files in order, a thousand at a time. */
  *pages(): Generator<readonly FileRecord[], void, undefined> {
    for (const page of this.#pages) yield unpacked(page);
    if (this.#last.length > 0) yield this.#last;
  }
}

function packed(files: readonly FileRecord[]): Page {
  const digests = Buffer.alloc(files.length * DIGEST_BYTES);
  for (const [index, { sha256 }] of files.entries()) digests.write(sha256, index * DIGEST_BYTES, 'hex');
  return {
    paths: files.map(({ path }) => path).join('\n'),
    digests,
    numbers: Float64Array.from(files.flatMap(({ sizeBytes, objectCount }) => [sizeBytes, objectCount])),
  };
}

function unpacked({ paths, digests, numbers }: Page): FileRecord[] {
  return paths.split('\n').map((path, index) => ({
    path,
    sha256: digests.toString('hex', index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES),
    sizeBytes: numbers[2 * index] ?? 0,
    objectCount: numbers[2 * index + 1] ?? 0,
  }));
}

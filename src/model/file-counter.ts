import {
  CLUSTER_FOLDER,
  type CountedManifest,
  type FileCounts,
  type FileRecord,
  type Manifest,
  objectFiles,
} from './manifest.ts';

/** Counts the files of a manifest, some at a time. */
export class FileCounter {
  #fileCount = 0;
  #objectFileCount = 0;
  #objectCount = 0;
  readonly #folders = new Set<string>();

  /** Takes the next files. */
  take(files: readonly FileRecord[]): void {
    const ofObjects = objectFiles(files);
    this.#fileCount += files.length;
    this.#objectFileCount += ofObjects.length;
    for (const { path, objectCount } of ofObjects) {
      this.#objectCount += objectCount;
      this.#folders.add(path.slice(0, path.indexOf('/')));
    }
  }

  /** What has been counted so far. */
  counts(): FileCounts {
    return {
      fileCount: this.#fileCount,
      objectFileCount: this.#objectFileCount,
      objectCount: this.#objectCount,
      projectCount: this.#folders.size - Number(this.#folders.has(CLUSTER_FOLDER)),
    };
  }
}

/** The counts of a manifest, whether it still has its files or not. */
export function countsOf(manifest: Manifest | CountedManifest): FileCounts {
  if ('counts' in manifest) return manifest.counts;
  const counter = new FileCounter();
  counter.take(manifest.files);
  return counter.counts();
}

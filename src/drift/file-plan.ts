import { CLUSTER_FOLDER, type FileRecord, type Manifest, objectFiles } from '../model/manifest.ts';

/** An entry of objects that is not the same in both archives. */
export interface FilePair {
  readonly path: string;
  readonly type: string;
  /** Undefined for cluster-scoped objects. */
  readonly project: string | undefined;
  /** How many objects each archive says that it holds; undefined where there is no such entry. */
  readonly beforeCount: number | undefined;
  readonly afterCount: number | undefined;
}

/** Which entries are to be looked into. */
export interface FilePlan {
  /** In the order of the newer archive's file, so that it is read from its beginning to its end. */
  readonly differing: readonly FilePair[];
  /** Objects in entries that are the same byte for byte. */
  readonly equalCount: number;
}

/** Which projects and types are compared. */
export interface FileSelection {
  readonly isProject: (folder: string) => boolean;
  readonly isType: (type: string) => boolean;
}

/** Compares the checksums of the manifests: what is equal is never read. */
export function planFiles(before: Manifest, after: Manifest, selection: FileSelection): FilePlan {
  const old = new Map(objectFiles(before.files).map((file) => [file.path, file]));
  const differing: FilePair[] = [];
  let equalCount = 0;
  const visit = (from: FileRecord | undefined, to: FileRecord | undefined): void => {
    const pair = pairOf(from, to);
    if (!selection.isProject(pair.project ?? CLUSTER_FOLDER) || !selection.isType(pair.type)) return;
    if (from && to && from.sha256 === to.sha256 && from.sizeBytes === to.sizeBytes)
      equalCount += to.objectCount;
    else differing.push(pair);
  };
  for (const file of objectFiles(after.files)) {
    visit(old.get(file.path), file);
    old.delete(file.path);
  }
  for (const file of old.values()) visit(file, undefined);
  return { differing, equalCount };
}

function pairOf(before: FileRecord | undefined, after: FileRecord | undefined): FilePair {
  const path = (after ?? before)?.path ?? '';
  const slash = path.indexOf('/');
  const folder = path.slice(0, slash);
  return {
    path,
    type: path.slice(slash + 1, -'.json'.length),
    project: folder === CLUSTER_FOLDER ? undefined : folder,
    beforeCount: before?.objectCount,
    afterCount: after?.objectCount,
  };
}

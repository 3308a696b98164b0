/** The version of the archive format that this tool writes, and the newest that it reads. */
export const ARCHIVE_FORMAT = 1;

/** The name of the manifest's entry, the last one of every archive: its presence says that the writer finished. */
export const MANIFEST_ENTRY = 'manifest.json';

/** The folder of cluster-scoped objects. No project can have this name: a project's begins with a letter or digit. */
export const CLUSTER_FOLDER = '_cluster';

/** The scope of a list over the whole cluster, where another scope would be a project's name. */
export const WHOLE_CLUSTER = '*';

/** What an archive says of itself. Times are ISO 8601 in UTC; sizes are bytes of the uncompressed entry. */
export interface Manifest {
  readonly format: number;
  readonly tool: { readonly name: string; readonly version: string };
  /** Changes whenever the same object could be pruned differently. */
  readonly ruleSet: string;
  /** Id: the uid of the Namespace kube-system; null where it may not be read. */
  readonly cluster: { readonly id: string | null; readonly serverVersion: string };
  readonly startedAt: string;
  readonly endedAt: string;
  readonly isComplete: boolean;
  /** The options that decide what is in the archive. */
  readonly options: { readonly namespaces: readonly string[] };
  readonly types: readonly TypeRecord[];
  readonly files: readonly FileRecord[];
}

/** What happened to one resource type. */
export interface TypeRecord {
  readonly type: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly outcomes: readonly Outcome[];
}

/** What happened to one resource type in one scope: `*` for the whole cluster, else a project's name. */
export type Outcome =
  | {
      readonly scope: string;
      readonly result: 'exported';
      readonly objectCount: number;
      readonly resourceVersion: string;
    }
  | { readonly scope: string; readonly result: 'empty'; readonly resourceVersion: string }
  | { readonly scope: string; readonly result: 'denied' }
  | { readonly scope: string; readonly result: 'failed'; readonly reason: string }
  | { readonly scope: string; readonly result: 'skipped'; readonly rule: string; readonly reason: string };

/** One entry of the archive. */
export interface FileRecord {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly objectCount: number;
}

/**
 * Which projects an archive is to hold, as a text that is the same for the same selection; empty for the
 * whole cluster. An archive of some projects never stands for one of them all.
 */
export function selectionOf({ namespaces }: Manifest['options']): string {
  return [...new Set(namespaces)].toSorted().join(' ');
}

/** A part of the cluster that should be in the archive and is not. */
export interface Gap {
  readonly type: string;
  readonly scope: string;
  readonly reason: string;
}

/** Every gap that a manifest names. An archive is complete when there is none. */
export function gapsOf(types: readonly TypeRecord[]): Gap[] {
  return types.flatMap(({ type, outcomes }) =>
    outcomes.flatMap((outcome) =>
      outcome.result === 'failed' ? [{ type, scope: outcome.scope, reason: outcome.reason }] : [],
    ),
  );
}

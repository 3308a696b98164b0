/** The version of the archive format that this tool writes, and the newest that it reads. */
export const ARCHIVE_FORMAT = 1;

/** The name of the manifest's entry, the last one of every archive: its presence says that the writer finished. */
export const MANIFEST_ENTRY = 'manifest.json';

/** The folder of cluster-scoped objects. No project can have this name: a project's begins with a letter or digit. */
export const CLUSTER_FOLDER = '_cluster';

/** The folder of what the server knows of objects beside their configuration. It is never compared. */
export const FACTS_FOLDER = '_facts';

/** The scope of a list over the whole cluster, where another scope would be a project's name. */
export const WHOLE_CLUSTER = '*';

/** What an archive says of itself. Times are ISO 8601 in UTC; sizes are bytes of the uncompressed entry. */
export interface Manifest extends ManifestHead {
  readonly files: readonly FileRecord[];
}

/** A manifest without its files, of which there can be a hundred thousand. */
export interface ManifestHead {
  readonly format: number;
  readonly tool: { readonly name: string; readonly version: string };
  /** Changes whenever the same object could be pruned differently. */
  readonly ruleSet: string;
  /** Id: the uid of the Namespace kube-system; null where it may not be read. */
  readonly cluster: { readonly id: string | null; readonly serverVersion: string };
  readonly startedAt: string;
  readonly endedAt: string;
  readonly isComplete: boolean;
  readonly options: ExportOptions;
  readonly types: readonly TypeRecord[];
}

/** A manifest with counts in the place of its files. */
export interface CountedManifest extends ManifestHead {
  readonly counts: FileCounts;
}

/** What is to be known of many files. Those of `_facts/` count as files and as nothing else. */
export interface FileCounts {
  readonly fileCount: number;
  readonly objectFileCount: number;
  readonly objectCount: number;
  readonly projectCount: number;
}

/** The options that decide what is in the archive. Archives of older versions lack those that they didn't have. */
export interface ExportOptions {
  /** Names and globs of projects; none for the whole cluster. */
  readonly namespaces: readonly string[];
  /**
   * The project of the context or the pod, if nothing but it could be exported: no project was named, and the
   * service account may not list them.
   */
  readonly contextProject?: string;
  readonly excludeNamespaces?: readonly string[];
  /** A label selector; empty for all objects. */
  readonly selector?: string;
  /** Names and globs of types; none for all. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** Types without which the archive is incomplete. */
  readonly require?: readonly string[];
  /** What became of secret values; they are in the archive where nothing is said. */
  readonly secrets?: SecretsMode;
  /** Which key stood behind the texts for redacted values: with another key all of them are others. */
  readonly redactionKeyId?: string;
}

/** Secret values are stored, stored as texts that only tell whether they have changed, or not stored. */
export type SecretsMode = 'include' | 'redact' | 'exclude';

/** What happened to one resource type. */
export interface TypeRecord {
  readonly type: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly outcomes: readonly Outcome[];
  /** Objects that a rule leaves out; they don't count in the outcomes. */
  readonly leftOut?: readonly LeftOut[];
}

/** How many objects of a type a rule leaves out. */
export interface LeftOut {
  readonly rule: string;
  readonly objectCount: number;
}

/** What happened to one resource type in one scope: `*` for the whole cluster, else a project's name. */
export type Outcome =
  | {
      readonly scope: string;
      readonly result: 'exported';
      readonly objectCount: number;
      readonly resourceVersion: string;
      /** The version that was read, if it is not the preferred one, which the server could not give. */
      readonly readVersion?: string;
    }
  | {
      readonly scope: string;
      readonly result: 'empty';
      readonly resourceVersion: string;
      readonly readVersion?: string;
    }
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

/** The files that hold objects, without those of `_facts/`. */
export function objectFiles(files: readonly FileRecord[]): FileRecord[] {
  return files.filter(({ path }) => !path.startsWith(`${FACTS_FOLDER}/`));
}

/** How many objects of a type, or of several, are left out by rules. */
export function countLeftOut(types: readonly TypeRecord[]): number {
  return types.flatMap(({ leftOut = [] }) => leftOut).reduce((sum, { objectCount }) => sum + objectCount, 0);
}

/**
 * What an archive is to hold, as a text that is the same for the same selection; empty for the whole cluster.
 * An archive of some projects never stands for one of them all. What is required does not count: it decides
 * which archive is complete, not what is in it.
 */
export function selectionOf(options: ExportOptions): string {
  const { namespaces, contextProject, excludeNamespaces, selector = '', include, exclude } = options;
  const { secrets = 'include' } = options;
  return [
    sorted(namespaces),
    contextProject === undefined ? '' : `${OWN_PROJECT}${contextProject}`,
    prefixed('without projects ', sorted(excludeNamespaces)),
    prefixed('labels ', selector),
    prefixed('types ', sorted(include)),
    prefixed('without types ', sorted(exclude)),
    secrets === 'include' ? '' : `secrets: ${secrets}`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}

/** Whether an archive's selection comes of these options, given by somebody who may or may not list projects. */
export function isSelectionOf(selection: string, options: ExportOptions): boolean {
  const plain = options.namespaces.length > 0 ? selection : selection.replace(LEADING_OWN_PROJECT, '');
  return plain === selectionOf(options);
}

const OWN_PROJECT = 'the project of the context, ';
const LEADING_OWN_PROJECT = new RegExp(`^${OWN_PROJECT}[^;]*(?:; |$)`, 'u');

function sorted(names: readonly string[] = []): string {
  return [...new Set(names)].toSorted().join(' ');
}

function prefixed(prefix: string, text: string): string {
  return text === '' ? '' : `${prefix}${text}`;
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

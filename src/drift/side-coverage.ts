import { anyGlobMatcher } from '../model/glob.ts';
import {
  CLUSTER_FOLDER,
  type Manifest,
  type Outcome,
  type TypeRecord,
  WHOLE_CLUSTER,
} from '../model/manifest.ts';

/** Why an archive says nothing of a type in a place. */
export interface Missing {
  /** A type, or `*` if no type matters. */
  readonly type: string;
  /** A project, or `*` for the whole cluster. */
  readonly scope: string;
  readonly reason: string;
  /** Nobody wanted it in the archive: no error, and no lack of rights. */
  readonly isChoice: boolean;
}

const EVERY_TYPE = '*';
const NAMESPACES = 'namespaces';
const NAMED_MAX = 5;

/** What one archive knows of the cluster: what is not in it was not there, or could not be told. */
export class SideCoverage {
  readonly #manifest: Manifest;
  readonly #records: ReadonlyMap<string, TypeRecord>;
  readonly #outcomes: ReadonlyMap<string, ReadonlyMap<string, Outcome>>;
  readonly #isNamed: (project: string) => boolean;
  readonly #isExcluded: (project: string) => boolean;

  constructor(manifest: Manifest) {
    const { namespaces, contextProject, excludeNamespaces = [] } = manifest.options;
    this.#manifest = manifest;
    this.#records = new Map(manifest.types.map((record) => [record.type, record]));
    this.#outcomes = new Map(
      manifest.types.map(({ type, outcomes }) => [
        type,
        new Map(outcomes.map((outcome) => [outcome.scope, outcome])),
      ]),
    );
    const named = contextProject === undefined ? namespaces : [contextProject];
    this.#isNamed = named.length === 0 ? () => true : anyGlobMatcher(named);
    this.#isExcluded = anyGlobMatcher(excludeNamespaces);
  }

  /** The scopes of which the manifest speaks for a type. */
  scopesOf(type: string): readonly string[] {
    return [...(this.#outcomes.get(type)?.keys() ?? [])];
  }

  /**
   * Why the archive says nothing of a type in a folder; undefined if what is not in it was not there.
   *
   * @param folder a project, `_cluster`, or `*` for what lies anywhere
   */
  missing(type: string, folder: string): Missing | undefined {
    return this.#unselected(folder, type) ?? this.#unread(type, folder);
  }

  #unselected(folder: string, type: string): Missing | undefined {
    const { namespaces, contextProject } = this.#manifest.options;
    if (folder === WHOLE_CLUSTER) return undefined;
    if (folder === CLUSTER_FOLDER) {
      const isUnread = namespaces.length > 0 && !this.#records.has(type);
      return isUnread ? onlyProjects(namespaces) : undefined;
    }
    if (!this.#isNamed(folder))
      return onlyProjects(contextProject === undefined ? namespaces : [contextProject]);
    if (!this.#isExcluded(folder)) return undefined;
    return { type: EVERY_TYPE, scope: folder, reason: 'left out by --exclude-namespace', isChoice: true };
  }

  #unread(type: string, folder: string): Missing | undefined {
    const outcomes = this.#outcomes.get(type);
    if (!outcomes) return this.#unknown(type, folder);
    const ofProject = this.#ofEveryType(folder);
    // Of a project that is gone everything is known, whatever may be listed.
    if (ofProject?.result === 'empty') return undefined;
    const outcome = outcomes.get(folder) ?? outcomes.get(WHOLE_CLUSTER);
    if (outcome) return missingOf(type, outcome);
    if (folder === WHOLE_CLUSTER) return undefined;
    return ofProject ? missingOf(EVERY_TYPE, ofProject) : this.#unseen(folder);
  }

  /** A type that discovery did not name: it was not there, or its group did not answer. */
  #unknown(type: string, folder: string): Missing | undefined {
    const dot = type.indexOf('.');
    const group = dot === -1 ? EVERY_TYPE : `*${type.slice(dot)}`;
    const silent = this.#outcomes.get(group)?.get(WHOLE_CLUSTER);
    if (silent) return missingOf(group, silent);
    const ofProject = this.#ofEveryType(folder);
    if (ofProject) return missingOf(EVERY_TYPE, ofProject);
    const isKnown = this.#manifest.isComplete || type === EVERY_TYPE;
    const reason = 'the archive is incomplete, and does not know the type';
    return isKnown ? undefined : { type, scope: WHOLE_CLUSTER, reason, isChoice: false };
  }

  /** A project that was named and gave nothing, or is gone, has a record for all types. */
  #ofEveryType(folder: string): Outcome | undefined {
    return folder === WHOLE_CLUSTER ? undefined : this.#outcomes.get(EVERY_TYPE)?.get(folder);
  }

  /** Projects were read one by one. Who can't list them all does not know whether one is gone or hidden. */
  #unseen(folder: string): Missing | undefined {
    const all = this.#outcomes.get(NAMESPACES)?.get(WHOLE_CLUSTER);
    if (all?.result === 'exported') return undefined;
    const reason = 'the project was not there, or the service account could not see it';
    return { type: EVERY_TYPE, scope: folder, reason, isChoice: false };
  }
}

function missingOf(type: string, outcome: Outcome): Missing | undefined {
  const { scope } = outcome;
  switch (outcome.result) {
    case 'exported':
    case 'empty':
      return undefined;
    case 'denied':
      return { type, scope, reason: 'denied: the service account could not list it', isChoice: false };
    case 'failed':
      return { type, scope, reason: `failed: ${outcome.reason}`, isChoice: false };
    case 'skipped':
      return { type, scope, reason: `left out: ${outcome.reason}`, isChoice: true };
  }
}

function onlyProjects(names: readonly string[]): Missing {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} others` : '';
  const noun = names.length === 1 ? 'the project' : 'the projects';
  const reason = `the archive is of ${noun} ${names.slice(0, NAMED_MAX).join(', ')}${more} only`;
  return { type: EVERY_TYPE, scope: WHOLE_CLUSTER, reason, isChoice: true };
}

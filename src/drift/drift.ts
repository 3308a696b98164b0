import type { Gap } from '../model/manifest.ts';

/**
 * A JSON value that keeps what it was: numbers are texts of their digits, and objects are Maps, so that a key
 * may be called anything.
 */
export type Value = null | boolean | string | NumberValue | readonly Value[] | ReadonlyMap<string, Value>;

/** A number as it is written: 9007199254740993 and 1e400 stay what they are. */
export interface NumberValue {
  readonly number: string;
}

/** One step on the way to a value. */
export type Segment =
  | { readonly key: string }
  /** A place in a list, in the list after the change, or in the one before if it is gone. */
  | { readonly index: number }
  /** An element of a list by what names it, such as `{ name: 'web' }`; of a set by its value. */
  | { readonly match: Readonly<Record<string, string>> };

/** How much a change matters, the most first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;

/** How much a change matters. */
export type Severity = (typeof SEVERITIES)[number];

/** One change in an object. The value that is missing is undefined, which null is not. */
export interface FieldChange {
  readonly path: readonly Segment[];
  readonly op: 'added' | 'removed' | 'changed';
  readonly before?: Value;
  readonly after?: Value;
  readonly severity: Severity;
  /** Why the values may not be shown; then `before` and `after` are not there. */
  readonly hidden?: 'secret';
  /** What else is to be said, such as "renewed until 2027-01-01"; never a secret value. */
  readonly note?: string;
}

/** What names an object in both archives: the version of its type is no part of it. */
export interface ObjectIdentity {
  /** As `oc api-resources -o name` writes it. */
  readonly type: string;
  readonly kind: string;
  /** Undefined for a cluster-scoped object. */
  readonly project?: string;
  readonly name: string;
}

/** Who wrote an object last between the two archives, where that can be told. */
export interface Attribution {
  /** The field managers, the latest first. */
  readonly managers: readonly {
    readonly manager: string;
    readonly operation: string;
    readonly time: string;
  }[];
  /** When it was made, of an added object, or of one that was made anew. */
  readonly created?: string;
  /** It was deleted between the two archives, and one of the same name was made. */
  readonly isRemade?: true;
}

/** What happened to one object. */
export interface ObjectChange extends ObjectIdentity {
  readonly change: 'added' | 'removed' | 'changed' | 'renamed';
  /** Of a renamed object. */
  readonly previousName?: string;
  /** That of its most severe field; of an added or removed object that of its type. */
  readonly severity: Severity;
  /** None for an added or removed object. */
  readonly fields: readonly FieldChange[];
  /** Undefined when it is unknown. */
  readonly attribution?: Attribution;
}

/** A part of the cluster of which one archive says nothing: neither equal nor different. */
export interface NotComparable {
  readonly type: string;
  /** A project, or `*` for the whole cluster. */
  readonly scope: string;
  /** Which archive lacks it. */
  readonly side: 'before' | 'after' | 'both';
  readonly reason: string;
}

/** What ignore rules have kept out of the changes. */
export interface Suppressed {
  readonly rule: string;
  readonly reason: string;
  /** Fields, and objects that were added or removed. */
  readonly count: number;
}

/** One of the two that are compared. Times are ISO 8601 in UTC. */
export interface Side {
  /** The archive's file name, or `live`. */
  readonly name: string;
  readonly startedAt: string;
  readonly isComplete: boolean;
  readonly ruleSet: string;
  readonly gaps: readonly Gap[];
}

/** How many objects of a type have changed in a project, those that `changes` leaves out included. */
export interface ChangeCount {
  readonly type: string;
  readonly project?: string;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly renamed: number;
}

/** What differs between two archives. */
export interface Drift {
  readonly before: Side;
  readonly after: Side;
  /** The most severe first, then by project, type and name. */
  readonly changes: readonly ObjectChange[];
  /** By project and type, sorted, those of no project first. */
  readonly counts: readonly ChangeCount[];
  /** Changed objects that `changes` leaves out, because there are too many of them. */
  readonly omittedCount: number;
  /** Objects that were looked at on both sides, changed or not. */
  readonly comparedCount: number;
  readonly notComparable: readonly NotComparable[];
  readonly suppressed: readonly Suppressed[];
  /** What the reader should know: other rule sets, an incomplete archive. */
  readonly notes: readonly string[];
}

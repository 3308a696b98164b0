import { globMatcher } from '../model/glob.ts';
import type { Attribution, FieldChange, ObjectChange, ObjectIdentity, Segment, Value } from './drift.ts';
import { isCovered, type PathPattern } from './path-pattern.ts';
import { leavesOf, type TypedRoots, valuesAt } from './value-at.ts';

/** Which changes don't count, and why. */
export interface IgnoreRule {
  /** Unique among the rules of the code; of a file's rule, its number. */
  readonly id: string;
  readonly reason: string;
  /** Where the fact is written down: a pinned link; none for a rule of a file. */
  readonly source?: string;
  /** An API group or a glob; empty for the core group. */
  readonly group: string;
  /** A kind or a glob. */
  readonly kind: string;
  /** A project or a glob; every project and none without it. */
  readonly namespace?: string;
  /** A name or a glob. */
  readonly name?: string;
  readonly paths: readonly PathPattern[];
  /** Field managers: what they alone wrote between the archives, and did not take away. */
  readonly managers?: readonly string[];
  /** What may happen to whole objects. */
  readonly changes?: readonly WholeChange[];
  readonly when?: IgnoreCondition;
  /** The last day on which the rule holds, `2026-12-31`, in UTC. */
  readonly expires?: string;
}

/** What happens to an object as a whole. */
export type WholeChange = Exclude<ObjectChange['change'], 'changed'>;

/** What must hold for a rule beside its paths. */
export interface IgnoreCondition {
  /** As people read it: "a HorizontalPodAutoscaler targets it". */
  readonly text: string;
  readonly holds: (judged: JudgedField) => boolean;
}

/** A field that is judged, and what surrounds it. */
export interface JudgedField {
  readonly identity: ObjectIdentity;
  readonly path: readonly Segment[];
  readonly object: ComparedObject;
  readonly context: IgnoreContext;
}

/** What conditions ask about other objects of the two archives. */
export interface IgnoreContext {
  /** Whether in either archive something scales this workload: see `scaleTargetOf`. */
  hasScaler(project: string | undefined, kind: string, name: string): boolean;
}

/** The object that is compared, as it stands in the two archives. */
export interface ComparedObject {
  readonly before?: Value | undefined;
  readonly after?: Value | undefined;
  /** Undefined when it is unknown. */
  readonly attribution?: Attribution | undefined;
}

/** The rule by which a change in an object doesn't count, or undefined. */
export type Ignorer = (
  identity: ObjectIdentity,
  field: Pick<FieldChange, 'path' | 'op'>,
  object: ComparedObject,
) => IgnoreRule | undefined;

/**
 * Makes the question which rule keeps a change out; the first one does. A path of a rule stands for
 * everything below it; and an object or list that was added or removed as a whole is kept out if the rule
 * covers all that is in it.
 */
export function ignorerOf(rules: readonly IgnoreRule[], context: IgnoreContext): Ignorer {
  const rulesFor = selectorOf(rules);
  return (identity, field, object) => {
    const typed = { type: identity.type, roots: rootsOf(field, object) };
    return rulesFor(identity).find(
      (rule) =>
        (covers(rule, field, typed) || isByManagers(rule, field, object)) &&
        (rule.when?.holds({ identity, path: field.path, object, context }) ?? true),
    );
  };
}

/** Makes the question which rule keeps an object out that was added, removed or renamed. */
export function objectIgnorerOf(
  rules: readonly IgnoreRule[],
): (identity: ObjectIdentity, change: WholeChange) => IgnoreRule | undefined {
  const rulesFor = selectorOf(rules.filter(({ changes = [] }) => changes.length > 0));
  return (identity, change) => rulesFor(identity).find(({ changes = [] }) => changes.includes(change));
}

/** The rules that are for an object. What a type has to do with is found once. */
function selectorOf(rules: readonly IgnoreRule[]): (identity: ObjectIdentity) => readonly IgnoreRule[] {
  const compiled = rules.map((rule) => ({
    rule,
    isGroup: globMatcher(rule.group),
    isKind: globMatcher(rule.kind),
    isNamespace: globMatcher(rule.namespace ?? '*'),
    isName: globMatcher(rule.name ?? '*'),
  }));
  const ofType = new Map<string, typeof compiled>();
  return ({ type, kind, project = '', name }) => {
    const key = `${type} ${kind}`;
    const group = type.split('.').slice(1).join('.');
    const known = ofType.get(key) ?? compiled.filter((one) => one.isGroup(group) && one.isKind(kind));
    ofType.set(key, known);
    return known
      .filter(({ isNamespace, isName }) => isNamespace(project) && isName(name))
      .map(({ rule }) => rule);
  };
}

/** The places in the path of a removed field are those before, of any other those after. */
function rootsOf({ op }: Pick<FieldChange, 'op'>, { before, after }: ComparedObject): Value[] {
  const order = op === 'removed' ? [before] : op === 'added' ? [after] : [after, before];
  return order.filter((root) => root !== undefined);
}

function covers(
  { paths }: IgnoreRule,
  { path, op }: Pick<FieldChange, 'path' | 'op'>,
  typed: TypedRoots,
): boolean {
  if (paths.some((pattern) => isCovered(pattern, path, typed))) return true;
  if (op === 'changed' || !paths.some(({ steps }) => steps.length > path.length)) return false;
  const leaves = valuesAt(typed, path).flatMap((value) => leavesOf(value, path));
  return (
    leaves.length > 0 && leaves.every((leaf) => paths.some((pattern) => isCovered(pattern, leaf, typed)))
  );
}

/**
 * A field that is there was written by somebody who is still named, with the time of his last write; so if
 * everybody who wrote since then is in the list, he is. A field that is gone names nobody.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.4/staging/src/k8s.io/apimachinery/pkg/util/managedfields/internal/managedfieldsupdater.go
 */
function isByManagers(
  { managers = [] }: IgnoreRule,
  { op }: Pick<FieldChange, 'op'>,
  { attribution }: ComparedObject,
): boolean {
  const writers = attribution?.managers ?? [];
  return op !== 'removed' && writers.length > 0 && writers.every(({ manager }) => managers.includes(manager));
}

/**
 * One step of a path into an object: a key (the name of an annotation is one step); an index of an array;
 * `EACH`, every element of an array or value of an object; or the keys or elements that a test accepts.
 */
export type Step =
  | string
  | number
  | { readonly each: 'value' }
  | { readonly keys: RegExp }
  | { readonly elements: Condition };

/** From the object's root to a field. */
export type Path = readonly Step[];

/** Every element of an array, or every value of an object. */
export const EACH = { each: 'value' } as const;

/** Something about an object, or about an element of one of its arrays. Paths begin there. */
export type Condition =
  /** There is such a field, and it is not null. */
  | { readonly has: Path }
  /** A string, number or boolean, compared by its text. */
  | { readonly field: Path; readonly is: string | number | boolean }
  /** A string that matches. */
  | { readonly field: Path; readonly matches: RegExp }
  /**
   * A string that is one of those to which `sameAs`, a path from the whole object's root, leads; with this
   * text before it and something that matches after it.
   */
  | { readonly field: Path; readonly sameAs: Path; readonly before?: string; readonly after?: RegExp }
  /** How many elements or members a field has; 0 when there is none. */
  | { readonly count: Path; readonly is: number }
  /** The controller that owns the object is of one of these kinds. */
  | { readonly ownedBy: readonly string[] }
  /** A field manager of this name owns the rule's own field (`metadata.managedFields`). */
  | { readonly managedBy: string }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

/** The types that a rule is for, as `oc api-resources -o name` writes them, or all. */
export type RuleTypes = '*' | readonly string[];

/** A field that is not stored, or is stored and not applied. */
export interface FieldRule {
  readonly id: string;
  readonly types: RuleTypes;
  readonly path: Path;
  /** Only in objects for which this holds; in every object without it. */
  readonly when?: Condition;
  /** What holds the field stays, even empty: there, `{}` is something else than nothing. */
  readonly isParentKept?: true;
  readonly reason: string;
  /** Where the fact is written down: a pinned link. */
  readonly source: string;
}

/** An object that is not stored. */
export interface SkipRule {
  readonly id: string;
  readonly types: readonly string[];
  /** Judges the object as it comes. */
  readonly when: Condition;
  /** If given, it must hold too for what the field rules leave of the object. */
  readonly rest?: Condition;
  readonly reason: string;
  readonly source: string;
}

/** The rules of one area. */
export interface RuleGroup {
  readonly prune?: readonly FieldRule[];
  readonly apply?: readonly FieldRule[];
  readonly skip?: readonly SkipRule[];
  readonly secret?: readonly FieldRule[];
}

/** The path of an annotation. */
export function annotation(name: string): Path {
  return ['metadata', 'annotations', name];
}

/** The path of a label. */
export function label(name: string): Path {
  return ['metadata', 'labels', name];
}

/** A path as people write it: `spec.triggers[*].type`, `metadata.annotations["a.b/c"]`. */
export function pathText(path: Path): string {
  return path.map(stepText).join('').replace(/^\./u, '');
}

function stepText(step: Step): string {
  if (typeof step === 'number') return `[${step}]`;
  if (typeof step === 'string')
    return /^[A-Za-z_]\w*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  if ('keys' in step) return `[${String(step.keys)}]`;
  return 'each' in step ? '[*]' : `[where ${conditionText(step.elements)}]`;
}

/** A condition as people read it. */
export function conditionText(condition: Condition): string {
  if ('has' in condition) return `${pathText(condition.has) || 'it'} is there`;
  if ('count' in condition)
    return `${pathText(condition.count) || 'it'} has ${condition.is} ${condition.is === 1 ? 'entry' : 'entries'}`;
  if ('ownedBy' in condition) return `a ${condition.ownedBy.join(' or ')} controls it`;
  if ('managedBy' in condition) return `the field manager ${condition.managedBy} set it`;
  if ('all' in condition) return condition.all.map(grouped).join(' and ');
  if ('any' in condition) return condition.any.map(grouped).join(' or ');
  if ('not' in condition) return `not ${grouped(condition.not)}`;
  return fieldText(condition);
}

function fieldText(condition: Extract<Condition, { field: Path }>): string {
  const field = pathText(condition.field) || 'it';
  if ('is' in condition) return `${field} is ${JSON.stringify(condition.is)}`;
  if ('matches' in condition) return `${field} matches ${String(condition.matches)}`;
  const { before, sameAs, after } = condition;
  const isOne = sameAs.every((step) => typeof step !== 'object');
  const parts = [
    ...(before === undefined ? [] : [JSON.stringify(before)]),
    `${isOne ? '' : 'one of '}${pathText(sameAs)}`,
    ...(after === undefined ? [] : [String(after)]),
  ];
  return `${field} is ${parts.join(' and then ')}`;
}

function grouped(condition: Condition): string {
  const isGroup = 'all' in condition || 'any' in condition;
  return isGroup ? `(${conditionText(condition)})` : conditionText(condition);
}

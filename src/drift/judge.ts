import type { ChangeList } from './change-list.ts';
import { compareObjects, type CompareOptions, mostSevere, type ObjectPair } from './compare-objects.ts';
import type { Attribution, FieldChange, ObjectChange, ObjectIdentity } from './drift.ts';
import {
  type ComparedObject,
  type IgnoreContext,
  type Ignorer,
  ignorerOf,
  type IgnoreRule,
  objectIgnorerOf,
  type WholeChange,
} from './ignore-rule.ts';
import { isDerived, type Rename } from './renames.ts';
import { severityOfObject } from './severity.ts';

/** Decides what of the differences counts, and how much. What doesn't is counted in the list of changes. */
export class Judge {
  readonly #ignores: Ignorer;
  readonly #ignoresObject: ReturnType<typeof objectIgnorerOf>;
  readonly #list: ChangeList;
  readonly #options: CompareOptions;

  constructor(
    list: ChangeList,
    rules: readonly IgnoreRule[],
    context: IgnoreContext,
    options: CompareOptions,
  ) {
    this.#list = list;
    this.#ignores = ignorerOf(rules, context);
    this.#ignoresObject = objectIgnorerOf(rules);
    this.#options = options;
  }

  /** What changed in an object that both archives have; undefined if nothing that counts. */
  changed(pair: ObjectPair, attribution: Attribution | undefined): ObjectChange | undefined {
    const fields = this.#fields(pair, attribution, compareObjects(pair, this.#options));
    if (fields.length === 0) return undefined;
    const severity = mostSevere(fields.map((field) => field.severity));
    return { ...pair.identity, change: 'changed', severity, fields, ...(attribution && { attribution }) };
  }

  /** An object that only one archive has; undefined if that doesn't count. */
  lone(
    identity: ObjectIdentity,
    change: 'added' | 'removed',
    attribution: Attribution | undefined,
  ): ObjectChange | undefined {
    if (this.#isIgnored(identity, change)) return undefined;
    const severity = severityOfObject(identity);
    return { ...identity, change, severity, fields: [], ...(attribution && { attribution }) };
  }

  /** An object that has another name than before, which is `identity`'s; undefined if that doesn't count. */
  renamed(
    identity: ObjectIdentity,
    rename: Rename,
    attribution: Attribution | undefined,
  ): ObjectChange | undefined {
    if (this.#isIgnored(identity, 'renamed')) return undefined;
    const pair = { identity, before: rename.before.object, after: rename.after.object };
    const own = compareObjects(pair, this.#options).filter(
      ({ path, before, after }) => !isName(path) && !isDerived(rename, before, after),
    );
    const fields = this.#fields(pair, attribution, own);
    const severity = mostSevere([severityOfObject(identity), ...fields.map((field) => field.severity)]);
    const previousName = rename.before.name;
    return {
      ...identity,
      change: 'renamed',
      previousName,
      severity,
      fields,
      ...(attribution && { attribution }),
    };
  }

  #fields(
    { identity, before, after }: ObjectPair,
    attribution: Attribution | undefined,
    fields: readonly FieldChange[],
  ): FieldChange[] {
    const object: ComparedObject = { before, after, attribution };
    return fields.filter((field) => {
      const rule = this.#ignores(identity, field, object);
      if (rule) this.#list.suppress(rule);
      return rule === undefined;
    });
  }

  #isIgnored(identity: ObjectIdentity, change: WholeChange): boolean {
    const rule = this.#ignoresObject(identity, change);
    if (rule) this.#list.suppress(rule);
    return rule !== undefined;
  }
}

function isName(path: FieldChange['path']): boolean {
  const keys = path.map((segment) => ('key' in segment ? segment.key : ''));
  return keys.join('.') === 'metadata.name';
}

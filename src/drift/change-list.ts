import type { ChangeCount, ObjectChange, Suppressed, Value } from './drift.ts';
import type { IgnoreRule } from './ignore-rule.ts';
import { compareTexts, isList, isMap } from './value.ts';
import { SEVERITIES } from './drift.ts';

/** So many changed objects are kept with what changed in them; the others are only counted. */
export const CHANGES_MAX = 10_000;
/** So much may be kept of values, in characters. */
const CHARACTERS_MAX = 32 * 1024 * 1024;
/** What a changed field takes beside its values counts as so many of them. */
const FIELD_CHARACTERS = 100;

type Counts = { -readonly [Key in keyof ChangeCount]: ChangeCount[Key] };

/** The changes that are found one by one. Takes a bounded amount of memory, however many there are. */
export class ChangeList {
  readonly #changes: ObjectChange[] = [];
  readonly #counts = new Map<string, Counts>();
  readonly #suppressed = new Map<string, { rule: string; reason: string; count: number }>();
  #characters = 0;
  #omittedCount = 0;

  /** @returns whether the change is kept, and not only counted */
  add(change: ObjectChange): boolean {
    this.#count(change);
    const characters = change.fields.reduce(
      (sum, { before, after }) => sum + FIELD_CHARACTERS + sizeOf(before) + sizeOf(after),
      0,
    );
    if (this.#changes.length >= CHANGES_MAX || this.#characters + characters > CHARACTERS_MAX) {
      this.#omittedCount++;
      return false;
    }
    this.#characters += characters;
    this.#changes.push(change);
    return true;
  }

  /** Counts a change that a rule keeps out. */
  suppress({ id, reason }: IgnoreRule): void {
    const known = this.#suppressed.get(id) ?? { rule: id, reason, count: 0 };
    known.count++;
    this.#suppressed.set(id, known);
  }

  /** Changed objects that are not kept. */
  get omittedCount(): number {
    return this.#omittedCount;
  }

  /** The most severe first, then by project, type and name. */
  changes(): ObjectChange[] {
    return this.#changes.toSorted(compareChanges);
  }

  /** By project and type. */
  counts(): ChangeCount[] {
    return [...this.#counts.values()].toSorted(
      (a, b) => compareTexts(a.project ?? '', b.project ?? '') || compareTexts(a.type, b.type),
    );
  }

  /** What rules have kept out, by rule. */
  suppressed(): Suppressed[] {
    return [...this.#suppressed.values()].toSorted((a, b) => compareTexts(a.rule, b.rule));
  }

  #count({ type, project, change }: ObjectChange): void {
    const key = `${project ?? ''} ${type}`;
    const counts = this.#counts.get(key) ?? {
      type,
      ...(project === undefined ? {} : { project }),
      added: 0,
      removed: 0,
      changed: 0,
      renamed: 0,
    };
    counts[change]++;
    this.#counts.set(key, counts);
  }
}

/** The most severe first, then by project (those of none first), type and name. */
export function compareChanges(a: ObjectChange, b: ObjectChange): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    compareTexts(a.project ?? '', b.project ?? '') ||
    compareTexts(a.type, b.type) ||
    compareTexts(a.name, b.name)
  );
}

/** About how many characters a value takes. */
function sizeOf(value: Value | undefined): number {
  if (typeof value === 'string') return value.length;
  if (isMap(value)) return [...value].reduce((sum, [key, member]) => sum + key.length + sizeOf(member), 0);
  return isList(value) ? value.reduce<number>((sum, element) => sum + sizeOf(element), 0) : 8;
}

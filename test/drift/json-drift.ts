import type { Attribution, NotComparable, Segment, Severity, Suppressed } from '../../src/drift/drift.ts';

/** What `diff -o json` prints, as far as tests ask for it. */
export interface JsonDrift {
  readonly format: number;
  readonly summary: Readonly<Record<string, number | string>>;
  readonly changes: readonly JsonChange[];
  readonly notComparable: readonly NotComparable[];
  readonly suppressed: readonly Suppressed[];
  readonly notes: readonly string[];
}

/** A changed object. */
export interface JsonChange {
  readonly type: string;
  readonly kind: string;
  readonly project?: string;
  readonly name: string;
  readonly previousName?: string;
  readonly change: 'added' | 'removed' | 'changed' | 'renamed';
  readonly severity: Severity;
  readonly fields: readonly JsonField[];
  readonly attribution?: Attribution;
}

/** A change in it. */
export interface JsonField {
  readonly path: readonly (string | number | Segment)[];
  readonly pathText: string;
  readonly op: 'added' | 'removed' | 'changed';
  readonly before?: unknown;
  readonly after?: unknown;
  readonly hidden?: string;
  readonly note?: string;
}

/** The changes as lines, by the names of the objects. */
export function linesByObject({ changes }: JsonDrift): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const change of changes) {
    const title = `${change.type} ${change.name}`;
    const own = change.fields.map((field) => `${title} ${field.pathText}: ${fieldText(field)}`);
    if (change.change === 'renamed') own.push(`${title} renamed from ${String(change.previousName)}`);
    else if (change.change !== 'changed') own.push(`${title} ${change.change}`);
    lines.set(change.name, [...(lines.get(change.name) ?? []), ...own]);
  }
  return lines;
}

function fieldText({ op, before, after, hidden }: JsonField): string {
  if (hidden !== undefined) return `${hidden} ${op}`;
  if (op === 'added') return `+ ${JSON.stringify(after)}`;
  return op === 'removed'
    ? `- ${JSON.stringify(before)}`
    : `${JSON.stringify(before)} → ${JSON.stringify(after)}`;
}

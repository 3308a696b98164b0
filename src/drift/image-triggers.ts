import type { Value } from './drift.ts';
import type { JudgedField } from './ignore-rule.ts';
import { type PathPattern, isCovered, parsePattern } from './path-pattern.ts';
import { isList, scalarText, valueAt } from './value.ts';
import { valuesAt } from './value-at.ts';

const CONTAINER = /^(.+\.(?:initContainers|containers))\[(?:(\d{1,9})|\?\(@\.name=="([^"]+)"\))\]\.image$/u;

/** Whether a trigger of a DeploymentConfig fills in the image, as the object is now: it is automatic and names the container. */
export function isTriggeredByConfig({ identity, path, object }: JudgedField): boolean {
  const { after } = object;
  if (after === undefined) return false;
  const container = path.slice(0, -1);
  const names = valuesAt({ type: identity.type, roots: [after] }, container).map((value) =>
    scalarText(valueAt(value, 'name')),
  );
  const triggers = valueAt(after, 'spec', 'triggers');
  if (!isList(triggers)) return false;
  return triggers
    .map((trigger) => valueAt(trigger, 'imageChangeParams'))
    .filter((change) => valueAt(change, 'automatic') === true)
    .flatMap((change) => elementsOf(valueAt(change, 'containerNames')))
    .some((name) => typeof name === 'string' && names.includes(name));
}

/** Whether the annotation `image.openshift.io/triggers`, as it is now, fills in the image, and is not paused. */
export function isTriggeredByAnnotation({ identity, path, object }: JudgedField): boolean {
  const { before, after } = object;
  const text = scalarText(valueAt(after, 'metadata', 'annotations', 'image.openshift.io/triggers'));
  if (text === undefined) return false;
  const roots = [after, before].filter((root) => root !== undefined);
  return triggersIn(text)
    .map(patternOfTrigger)
    .some((pattern) => pattern !== undefined && isCovered(pattern, path, { type: identity.type, roots }));
}

function triggersIn(text: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    // Such a trigger does nothing either.
    return [];
  }
}

/** The controller knows two forms of a container: its place, and `?(@.name=="web")`. */
function patternOfTrigger(trigger: unknown): PathPattern | undefined {
  const { fieldPath, paused } = { ...(trigger as { fieldPath?: unknown; paused?: unknown } | null) };
  if (typeof fieldPath !== 'string' || (paused !== undefined && paused !== false)) return undefined;
  const [, containers = '', place, name = ''] = CONTAINER.exec(fieldPath) ?? [];
  const parsed = parsePattern(`${containers}[${place ?? `name=${JSON.stringify(name)}`}].image`);
  return containers === '' || 'problem' in parsed ? undefined : parsed.pattern;
}

function elementsOf(value: Value | undefined): readonly Value[] {
  return isList(value) ? value : [];
}

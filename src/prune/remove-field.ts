import type { JsonNode } from '../json/json-document.ts';
import { find, type Judged } from './condition.ts';
import type { Path, Step } from './rule.ts';

/**
 * Takes the fields out to which a path leads, and every object or array on the way that this has emptied:
 * an empty value that somebody wrote stays, because in Kubernetes `{}` and `[]` often mean something.
 *
 * @param isParentKept whether what holds the field stays in any case
 */
export function removeField(judged: Judged, isParentKept = false): void {
  const { object, path } = judged;
  if (!isParentKept) return removeFrom(judged, object, path);
  const last = path.at(-1);
  for (const parent of find(judged, object, path.slice(0, -1)))
    if (last !== undefined) removeFrom(judged, parent, [last]);
}

function removeFrom(judged: Judged, node: JsonNode, path: Path): void {
  const [step, ...rest] = path;
  if (step === undefined) return;
  if (rest.length === 0) return removeChildren(judged, node, step, () => true);
  removeChildren(judged, node, step, (child) => {
    if (judged.document.isEmpty(child)) return false;
    removeFrom(judged, child, rest);
    return judged.document.isEmpty(child);
  });
}

/** Takes those children out that a step leads to, if `isGone` says so of them. */
function removeChildren(
  judged: Judged,
  node: JsonNode,
  step: Step,
  isGone: (child: JsonNode) => boolean,
): void {
  const { document } = judged;
  if (document.isArray(node)) {
    for (const child of find(judged, node, [step])) if (isGone(child)) document.removeElement(child);
    return;
  }
  if (typeof step === 'string') {
    const child = document.member(node, step);
    if (child !== undefined && isGone(child)) document.remove(node, [step]);
    return;
  }
  for (const [key, child] of document.members(node)) {
    if (isAccepted(document.text(key) ?? '', step) && isGone(child))
      document.remove(node, [document.text(key) ?? '']);
  }
}

function isAccepted(key: string, step: Step): boolean {
  if (typeof step !== 'object') return false;
  return 'keys' in step ? step.keys.test(key) : 'each' in step;
}

import type { ClusterObject } from '../copy.ts';
import { objectsAt, textAt, valueAt, type Fields } from '../fields.ts';

/** Why a node takes no new pod with these tolerations now; undefined when it does. */
export function whyNotNow(node: ClusterObject, tolerations: readonly unknown[]): string | undefined {
  if (valueAt(node, 'spec', 'unschedulable') === true) return 'is cordoned';
  const ready = objectsAt(node, 'status', 'conditions').find(({ type }) => type === 'Ready');
  if (ready && textAt(ready, 'status') !== 'True') return 'is not ready';
  const taint = objectsAt(node, 'spec', 'taints')
    .filter(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute')
    .find((one) => !tolerations.some((toleration) => tolerates(toleration, one)));
  return taint
    ? `has the taint ${taintText(taint)}, which the pods that use the volume don't tolerate`
    : undefined;
}

/** As https://github.com/kubernetes/kubernetes/blob/v1.34.4/staging/src/k8s.io/api/core/v1/toleration.go has it. */
function tolerates(toleration: unknown, taint: Fields): boolean {
  const [effect, key] = [textAt(toleration, 'effect'), textAt(toleration, 'key')];
  if (effect !== '' && effect !== textAt(taint, 'effect')) return false;
  if (key !== '' && key !== textAt(taint, 'key')) return false;
  const operator = textAt(toleration, 'operator') || 'Equal';
  if (operator === 'Exists') return true;
  return operator === 'Equal' && key !== '' && textAt(toleration, 'value') === textAt(taint, 'value');
}

function taintText(taint: Fields): string {
  const value = textAt(taint, 'value');
  return `${textAt(taint, 'key')}${value === '' ? '' : `=${value}`}:${textAt(taint, 'effect')}`;
}

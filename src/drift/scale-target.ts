import { SOURCE } from '../prune/sources.ts';
import type { ObjectIdentity, Value } from './drift.ts';
import type { IgnoreContext } from './ignore-rule.ts';
import { scalarText, valueAt } from './value.ts';

/** What is scaled by something else: a workload, or a set of machines. */
export interface ScaleTarget {
  readonly project: string | undefined;
  readonly kind: string;
  readonly name: string;
}

/** Types whose objects scale others, and the kind that is meant where they name none. */
const SCALERS: Readonly<Record<string, string | undefined>> = {
  'horizontalpodautoscalers.autoscaling': undefined,
  'scaledobjects.keda.sh': 'Deployment',
  'machineautoscalers.autoscaling.openshift.io': undefined,
};

/** Where it is written down who changes replicas. */
export const SCALING_SOURCE = `${SOURCE.kubernetes}/pkg/controller/podautoscaler/horizontal.go`;

/** Whether objects of a type scale others, so that they must be looked at before anything is judged. */
export function isScalerType(type: string): boolean {
  return Object.hasOwn(SCALERS, type);
}

/** What a HorizontalPodAutoscaler, a ScaledObject of KEDA or a MachineAutoscaler scales; undefined for any other object. */
export function scaleTargetOf({ type, project }: ObjectIdentity, object: Value): ScaleTarget | undefined {
  if (!isScalerType(type)) return undefined;
  const target = valueAt(object, 'spec', 'scaleTargetRef');
  const kind = scalarText(valueAt(target, 'kind')) ?? SCALERS[type];
  const name = scalarText(valueAt(target, 'name'));
  return kind === undefined || name === undefined ? undefined : { project, kind, name };
}

/** What conditions ask, answered from the targets of both archives. */
export function ignoreContextOf(targets: Iterable<ScaleTarget>): IgnoreContext {
  const known = new Set([...targets].map(keyOf));
  return { hasScaler: (project, kind, name) => known.has(keyOf({ project, kind, name })) };
}

function keyOf({ project, kind, name }: ScaleTarget): string {
  return JSON.stringify([project, kind, name]);
}

import { listAt, valueAt } from './fields.ts';
import type { GuardRequest } from './guard-request.ts';

/** A pod as the rules look at it; `VARIABLES` are the same for the expressions. */
export interface PodView {
  readonly spec: unknown;
  /** The only container of a BackupEr pod. */
  readonly container: unknown;
  readonly volumes: readonly unknown[];
  readonly mounts: readonly unknown[];
}

/** What the rules look at in a pod. */
export function podView({ object }: GuardRequest): PodView {
  const spec = valueAt(object, 'spec');
  const [container] = listAt(spec, 'containers');
  return { spec, container, volumes: listAt(spec, 'volumes'), mounts: listAt(container, 'volumeMounts') };
}

/** What the expressions about pods share; the API server works each out when it is first needed. */
export const VARIABLES: readonly { readonly name: string; readonly expression: string }[] = [
  { name: 'container', expression: 'object.spec.containers[0]' },
  { name: 'volumes', expression: 'object.spec.?volumes.orValue([])' },
  { name: 'mounts', expression: 'variables.container.?volumeMounts.orValue([])' },
];

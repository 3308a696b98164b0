import { podsText } from './check-use.ts';
import type { ClaimUser } from './claim-users.ts';
import type { ClusterObject, CopyFacts, CopyPlan, CopyRequest, Declined, PlanNote } from '../copy.ts';
import { declined } from './declined.ts';
import { byText, fieldsOf, objectsAt, textAt, valueAt } from '../fields.ts';
import { planHooks } from '../quiesce/hooks.ts';
import { planScale } from '../quiesce/plan-scale.ts';

/** How still the source is while it is copied. */
export interface Stillness {
  readonly kind: 'stillness';
  readonly consistency: CopyPlan['consistency'];
  readonly notes: readonly PlanNote[];
}

/** What of a plan decides how still the source can be kept. */
export interface StillnessInput {
  readonly request: CopyRequest;
  readonly facts: CopyFacts;
  /** Who holds the source. */
  readonly users: readonly ClaimUser[];
  /** Hooks of Velero count too, on pods that have none of the tool's own. */
  readonly veleroHooks: boolean;
}

/** Whether the application is kept still in the way that is asked for, or why it can't be. */
export function stillnessOf(input: StillnessInput): Stillness | Declined {
  const { request, users } = input;
  if (request.quiesce === 'scale') return scaled(input);
  const writers = users.filter(({ isReadOnly }) => !isReadOnly);
  if (users.length === 0) return stillness('idle', 'no pod uses the source');
  if (writers.length === 0)
    return stillness('idle', `${podsText(users)} only read${users.length === 1 ? 's' : ''} the source`);
  if (request.quiesce === 'hooks') return hooked(input, writers);
  return live(
    `${podsText(writers)} may write while the source is copied: a copy that differs is marked fuzzy; ask for hooks or scale to keep the application still`,
  );
}

function hooked(
  { request, facts, veleroHooks }: StillnessInput,
  writers: readonly ClaimUser[],
): Stillness | Declined {
  const plan = planHooks(facts.pods.filter(isShaped), request.source, { veleroHooks });
  if (plan.kind === 'declined') return plan;
  const still = new Set(plan.hooks.filter(({ pre }) => pre !== undefined).map(({ pod }) => pod));
  const open = writers.filter(({ pod }) => !still.has(pod));
  if (open.length === 0) {
    const text = `hooks keep ${podsText(writers)} still while the source is copied`;
    return stillness('quiesced', text);
  }
  return live(
    `${podsText(open)} may write while the source is copied, without a hook that has run before: a copy that differs is marked fuzzy`,
  );
}

function scaled({ request, facts, users }: StillnessInput): Stillness | Declined {
  const { owners } = facts;
  if (!owners && users.length > 0)
    return declined(
      'cannot-scale',
      `the workloads of ${request.namespace} can't be read, so nobody knows what ${podsText(users)} would come back from: an administrator allows it with make volumes-allow PROJECT=${request.namespace}`,
    );
  // Items of lists have no kind; whoever gathers the facts writes it down.
  const shaped = (owners ?? []).filter(isShaped).toSorted((a, b) => byText(a.metadata.name, b.metadata.name));
  const ofKind = (kind: string): readonly ClusterObject[] => shaped.filter((one) => one.kind === kind);
  const plan = planScale(request.source, {
    pods: facts.pods.filter(isShaped).toSorted((a, b) => byText(a.metadata.name, b.metadata.name)),
    deployments: ofKind('Deployment'),
    statefulSets: ofKind('StatefulSet'),
    replicaSets: ofKind('ReplicaSet'),
    autoscalers: ofKind('HorizontalPodAutoscaler'),
  });
  if (plan.kind === 'declined') return plan;
  const notes = plan.notes.map((text) => ({ about: 'consistency', text, isWarning: true }) as const);
  if (plan.workloads.length === 0 && users.length === 0) {
    const still = stillness('idle', 'no pod uses the source');
    return { ...still, notes: [...still.notes, ...notes] };
  }
  const names = plan.workloads.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  const still = stillness(
    'quiesced',
    `scaled to zero while the source is copied: ${names || podsText(users)}`,
  );
  return { ...still, notes: [...still.notes, ...notes, ...gitOpsNotes(shaped, plan.workloads)] };
}

/** What is kept as Git has it may be scaled back at any moment; the copy then ends, and is not taken for complete. */
function gitOpsNotes(
  owners: readonly ClusterObject[],
  workloads: readonly { readonly kind: string; readonly name: string }[],
): PlanNote[] {
  return workloads.flatMap(({ kind, name }) => {
    const object = owners.find((one) => one.kind === kind && one.metadata.name === name);
    const keys = [valueAt(object, 'metadata', 'annotations'), valueAt(object, 'metadata', 'labels')].flatMap(
      (value) => Object.keys(fieldsOf(value)),
    );
    const key = keys.find((one) => /^(?:argocd\.argoproj\.io|kustomize\.toolkit\.fluxcd\.io)\//u.test(one));
    if (key === undefined) return [];
    const text = `${kind} ${name} is kept by GitOps (${key}), which may scale it back during the copy: pause its sync`;
    return [{ about: 'consistency', text, isWarning: true }];
  });
}

/** Whether an object has the form that every server keeps to, so that what reads it may rely on it. */
function isShaped(object: ClusterObject): boolean {
  const spec = valueAt(object, 'spec');
  const containers = ['containers', 'initContainers'];
  const lists = [
    valueAt(object, 'metadata', 'ownerReferences'),
    ...['volumes', ...containers].map((key) => valueAt(spec, key)),
    ...['volumes', ...containers].map((key) => valueAt(spec, 'template', 'spec', key)),
    ...containers
      .flatMap((key) => objectsAt(spec, key))
      .flatMap((container) => [container['volumeMounts'], container['volumeDevices']]),
  ];
  const records = [
    valueAt(object, 'metadata', 'annotations'),
    valueAt(object, 'metadata', 'labels'),
    ...objectsAt(spec, 'volumes').flatMap((volume) => [volume['ephemeral'], volume['persistentVolumeClaim']]),
  ];
  const named = [
    ...objectsAt(object, 'metadata', 'ownerReferences').flatMap(({ kind, name, uid }) => [kind, name, uid]),
    ...['volumes', ...containers].flatMap((key) => objectsAt(spec, key)).map(({ name }) => name),
    ...objectsAt(spec, 'volumeClaimTemplates').map((template) => valueAt(template, 'metadata', 'name')),
    ...records.slice(0, 2).flatMap((value) => Object.values(fieldsOf(value))),
  ];
  return (
    textAt(object, 'metadata', 'name') !== '' &&
    lists.every(isObjectList) &&
    records.every((value) => value === undefined || (typeof value === 'object' && value !== null)) &&
    named.every((value) => value === undefined || typeof value === 'string')
  );
}

function isObjectList(value: unknown): boolean {
  return (
    value === undefined ||
    (Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null))
  );
}

function live(text: string): Stillness {
  return { kind: 'stillness', consistency: 'live', notes: [{ about: 'consistency', text, isWarning: true }] };
}

function stillness(consistency: CopyPlan['consistency'], text: string): Stillness {
  return { kind: 'stillness', consistency, notes: [{ about: 'consistency', text, isWarning: false }] };
}

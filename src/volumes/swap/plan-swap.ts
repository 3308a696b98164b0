import { COPY } from '../annotations.ts';
import { textAt } from '../fields.ts';
import { planScale, type Workload } from '../quiesce/plan-scale.ts';
import type { SwapFacts, SwapObjection, SwapRequest } from './swap-facts.ts';
import { objectionsToClaims, objectionsToKept } from './swap-objections.ts';
import type { SwapKept } from './swap-record.ts';

/** A swap that can be made. */
export interface SwapPlan {
  readonly kind: 'swap';
  readonly request: SwapRequest;
  readonly kept: SwapKept;
  readonly workloads: readonly Workload[];
  /** What happens, in order, one line each. */
  readonly steps: readonly string[];
  /** What to know before. */
  readonly notes: readonly string[];
}

/** A swap that is not made, with everything that stands against it. */
export interface SwapDeclined {
  readonly kind: 'declined';
  readonly objections: readonly SwapObjection[];
}

/** Decides whether a claim can be given the volume of another one, and what has to be done for it. */
export function planSwap(request: SwapRequest, facts: SwapFacts): SwapPlan | SwapDeclined {
  const first = objectionsToClaims(request, facts);
  const { claim, copy, claimVolume, copyVolume } = facts;
  if (first.length > 0 || !claim || !copy || !claimVolume || !copyVolume)
    return { kind: 'declined', objections: first };
  const kept = { claim, copy, claimVolume, copyVolume };
  const scaling = planScale(request.claim, facts);
  const found = objectionsToKept(request, facts, kept);
  if (scaling.kind === 'declined') found.push({ reason: 'cannot-scale', message: scaling.message });
  if (found.length > 0 || scaling.kind === 'declined') return { kind: 'declined', objections: found };
  return {
    kind: 'swap',
    request,
    kept,
    workloads: scaling.workloads,
    steps: stepsOf(request, kept, scaling.workloads),
    notes: [...notesOf(request, kept), ...scaling.notes],
  };
}

function stepsOf(request: SwapRequest, kept: SwapKept, workloads: readonly Workload[]): readonly string[] {
  const { claim, copy } = request;
  const [old, next] = [kept.claimVolume.metadata.name, kept.copyVolume.metadata.name];
  const names = workloads.map(({ kind, name, replicas }) => `${kind} ${name} (${replicas})`).join(', ');
  return [
    names === '' ? `nobody uses ${claim}, so nothing is stopped` : `scale to zero: ${names}`,
    `keep both volumes, ${old} and ${next}, whatever happens to their claims (reclaim policy Retain)`,
    `delete claim ${copy}, and reserve its volume ${next} for ${claim}`,
    `delete claim ${claim}, and make it again with volume ${next}`,
    `give ${next} its reclaim policy back; ${old} stays, Released and with Retain`,
    names === '' ? 'nothing is started' : `scale back, and wait until it is ready: ${names}`,
  ];
}

function notesOf(
  { claim, copy }: SwapRequest,
  { claim: old, copy: next, copyVolume }: SwapKept,
): readonly string[] {
  const { annotations = {}, labels = {} } = old.metadata;
  const time = next.metadata.annotations?.[COPY.time];
  const oldClass = textAt(old.spec, 'storageClassName');
  const newClass = textAt(copyVolume.spec, 'storageClassName');
  const isSynced =
    Object.keys(annotations).some((name) => name.startsWith('argocd.argoproj.io/')) ||
    Object.keys(labels).some(
      (name) => name.includes('toolkit.fluxcd.io/') || name.startsWith('argocd.argoproj.io/'),
    );
  return [
    `What was written to ${claim} since ${time ?? 'it was copied'} is on the old volume only`,
    `Afterwards there is no claim ${copy}: nightly copies of ${claim} are declined until there is a new one`,
    ...(oldClass === newClass ? [] : [`The claim's storage class changes from ${oldClass} to ${newClass}`]),
    ...(isSynced ? [`${claim} is kept in step by GitOps: pause that until the swap has ended`] : []),
  ];
}

import { COPY } from '../annotations.ts';
import type { CopyContext } from './copy-context.ts';
import type { ClusterObject, CopyRequest } from '../copy.ts';

/** What a target says of the copy in it; null for what it does not say. */
export type TargetMark = Readonly<Record<string, string | null>>;

/** What the target says now, for `restoreMark`. */
export function markOf(target: ClusterObject | undefined): TargetMark {
  const annotations = target?.metadata.annotations ?? {};
  return Object.fromEntries(Object.values(COPY).map((name) => [name, annotations[name] ?? null]));
}

/** Says on the target what is in it: from before the first byte until the copy has been verified, `incomplete`. */
export async function markTarget(
  context: CopyContext,
  request: CopyRequest,
  run: string,
  state: 'incomplete' | 'complete' | 'fuzzy',
): Promise<void> {
  await writeMark(context, request, {
    [COPY.state]: state,
    [COPY.of]: request.source,
    [COPY.run]: run,
    ...(state === 'incomplete' ? {} : { [COPY.time]: context.now().toISOString() }),
  });
}

/** Says again what the target said before: nothing has been written to it. */
export async function restoreMark(
  context: CopyContext,
  request: CopyRequest,
  mark: TargetMark,
): Promise<void> {
  await writeMark(context, request, mark);
}

async function writeMark(
  { objects }: CopyContext,
  { namespace, target }: CopyRequest,
  mark: TargetMark,
): Promise<void> {
  const ref = { apiVersion: 'v1', plural: 'persistentvolumeclaims', namespace, name: target };
  await objects.patch(ref, { metadata: { annotations: mark } }, 'merge');
}

import type { ClusterObjects } from '../../kubernetes/objects.ts';
import { COPY } from '../annotations.ts';
import type { ClusterObject } from '../copy.ts';
import { textAt, valueAt } from '../fields.ts';
import { gatherScaleFacts } from '../quiesce/scale.ts';
import type { SwapFacts, SwapRequest } from './swap-facts.ts';
import { SwapStore } from './swap-record.ts';

/** Reads what a swap depends on. @throws ApiError */
export async function gatherSwapFacts(objects: ClusterObjects, request: SwapRequest): Promise<SwapFacts> {
  const { namespace } = request;
  const [scaling, swaps, claim, copy] = await Promise.all([
    gatherScaleFacts(objects, namespace),
    new SwapStore(objects, namespace).list(),
    ...[request.claim, request.copy].map((name) =>
      objects.get({ apiVersion: 'v1', plural: 'persistentvolumeclaims', namespace, name }),
    ),
  ]);
  const [claimVolume, copyVolume] = await Promise.all([claim, copy].map((one) => volumeOf(objects, one)));
  const copyRequest = await copyRequestOf(objects, copy);
  return { ...scaling, swaps, claim, copy, claimVolume, copyVolume, copyRequest };
}

async function volumeOf(
  objects: ClusterObjects,
  claim: ClusterObject | undefined,
): Promise<ClusterObject | undefined> {
  const name = textAt(claim?.spec, 'volumeName');
  return name === '' ? undefined : await objects.get({ apiVersion: 'v1', plural: 'persistentvolumes', name });
}

/** What was asked for when the copy was made, if the record of that run can still be read. */
async function copyRequestOf(
  objects: ClusterObjects,
  copy: ClusterObject | undefined,
): Promise<SwapFacts['copyRequest']> {
  const run = copy?.metadata.annotations?.[COPY.run] ?? '';
  const namespace = copy?.metadata.namespace ?? '';
  if (run === '' || namespace === '') return undefined;
  const name = `backuper-run-${run}`;
  const record = await objects.get({ apiVersion: 'v1', plural: 'configmaps', namespace, name });
  const request = valueAt(parsed(record?.data?.['record.json'] ?? ''), 'request');
  if (request === undefined) return undefined;
  return { mode: textAt(request, 'mode'), into: textAt(request, 'into'), sub: textAt(request, 'sub') };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { safeText } from '../model/text.ts';
import type { SwapDone } from '../volumes/swap/finish-swap.ts';
import type { SwapPlan } from '../volumes/swap/plan-swap.ts';
import type { SwapRecord } from '../volumes/swap/swap-record.ts';

/** What a swap is about to do, as people and scripts are told. */
export interface SwapPreview {
  /** `resume` goes on with a swap that was interrupted. */
  readonly kind: 'swap' | 'resume' | 'rollback';
  readonly namespace: string;
  readonly claim: string;
  readonly copy: string;
  /** The claim's own. */
  readonly claimVolume: string;
  readonly copyVolume: string;
  /** What happens, in order, one line each. */
  readonly steps: readonly string[];
  /** What to know before, one line each. */
  readonly notes: readonly string[];
}

/** The preview of a swap that has not begun. */
export function previewOf({ request, kept, steps, notes }: SwapPlan): SwapPreview {
  const { namespace, claim, copy } = request;
  return { kind: 'swap', namespace, claim, copy, ...volumesOf(kept), steps, notes };
}

/** The preview of what is left of a swap, or of its rollback. */
export function previewOfRecord(
  kind: 'resume' | 'rollback',
  { id, namespace, claim, copy, kept, state, step, updatedAt }: SwapRecord,
  steps: readonly string[],
): SwapPreview {
  const at = state === 'running' ? `stopped at step ${step} (${updatedAt})` : `ended at ${updatedAt}`;
  const note = `Swap ${id} has ${at}`;
  return { kind, namespace, claim, copy, ...volumesOf(kept), steps, notes: [note] };
}

function volumesOf({ claimVolume, copyVolume }: SwapRecord['kept']): {
  readonly claimVolume: string;
  readonly copyVolume: string;
} {
  return { claimVolume: claimVolume.metadata.name, copyVolume: copyVolume.metadata.name };
}

const TITLES: Readonly<Record<SwapPreview['kind'], (preview: SwapPreview) => string>> = {
  swap: ({ claim, copy, copyVolume }) => `${claim} gets the volume of ${copy}, ${copyVolume}`,
  resume: ({ claim, copy }) => `The interrupted swap of ${claim} and ${copy} is gone on with`,
  rollback: ({ claim, claimVolume }) => `${claim} gets its own volume back, ${claimVolume}`,
};

/** A preview for a person. */
export function previewText(preview: SwapPreview): string {
  const { namespace, steps, notes, kind } = preview;
  const lines = [
    `In the project ${namespace}: ${TITLES[kind](preview)}`,
    ...steps.map((text, index) => `  ${index + 1}. ${text}`),
    ...notes.map((text) => `Note: ${text}`),
  ];
  return textOf(lines);
}

/** How a swap ended, for a person. */
export function swapEndText({ kind, record, advice }: SwapDone): string {
  const word = kind === 'swapped' ? 'Swapped' : 'Rolled back';
  return textOf([`${word}: ${record.claim} and ${record.copy} (swap ${record.id})`, ...advice]);
}

/** How a swap ended, for a script. */
export function swapEndJson({ kind, record, advice }: SwapDone): string {
  const { id, namespace, claim, copy, startedAt, updatedAt, workloads, kept } = record;
  const facts = { kind, id, namespace, claim, copy, ...volumesOf(kept), startedAt, endedAt: updatedAt };
  return `${JSON.stringify({ ...facts, workloads, advice }, null, 2)}\n`;
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${safeText(line)}\n`).join('');
}

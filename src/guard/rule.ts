import type { GuardRequest, GuardSettings } from './guard-request.ts';

/** What a request is about; each area is one policy, and one entry of the webhook's configuration. */
export type Area = 'pods' | 'connect' | 'tokens' | 'secrets' | 'workloads';

/**
 * One thing that must be so, in two forms side by side: as a predicate, for the webhook, and as an expression in CEL,
 * for the ValidatingAdmissionPolicy. Both are true for a request that the rule has nothing against.
 */
export interface Rule {
  readonly id: string;
  readonly area: Area;
  /** What somebody could do if the rule weren't there. */
  readonly attack: string;
  /** What the one who asks is told: what must be so. */
  readonly message: string;
  readonly holds: (request: GuardRequest, settings: GuardSettings) => boolean;
  /** `object`, `oldObject` and `request` are the API server's; `variables` are those of VARIABLES. */
  readonly cel: (settings: GuardSettings) => string;
}

/** A text in CEL; its escapes are those of JSON (https://github.com/google/cel-spec/blob/v0.24.0/doc/langdef.md#string-and-bytes-values). */
export function celText(text: string): string {
  return JSON.stringify(text);
}

/** A list of texts in CEL. */
export function celList(texts: readonly string[]): string {
  return `[${texts.map(celText).join(', ')}]`;
}

import type { TypeRecord } from '../model/manifest.ts';
import type { RotationDecision } from '../retention/plan.ts';

/** What happens during a run, for whoever shows it. */
export type RunEvent =
  | { readonly kind: 'cleared'; readonly files: readonly string[] }
  | { readonly kind: 'connected'; readonly server: string; readonly serverVersion: string }
  | { readonly kind: 'planned'; readonly typeCount: number; readonly skippedCount: number }
  | {
      readonly kind: 'page';
      readonly type: string;
      readonly objectCount: number;
      readonly receivedBytes: number;
    }
  | { readonly kind: 'type'; readonly record: TypeRecord }
  | { readonly kind: 'verifying'; readonly fileCount: number }
  | { readonly kind: 'published'; readonly path: string; readonly sha256: string; readonly sizeBytes: number }
  | {
      readonly kind: 'rotated';
      readonly decisions: readonly RotationDecision[];
      readonly problems: readonly string[];
    }
  | { readonly kind: 'rotation-skipped'; readonly reason: string };

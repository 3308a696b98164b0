import type { Gap, TypeRecord } from '../model/manifest.ts';
import type { RotationDecision } from '../retention/plan.ts';

/** What happens during a run, for whoever shows it. */
export type RunEvent =
  | { readonly kind: 'cleared'; readonly files: readonly string[] }
  | { readonly kind: 'connected'; readonly server: string; readonly serverVersion: string }
  | { readonly kind: 'planned'; readonly typeCount: number; readonly skippedCount: number }
  /** Nothing but this project is exported: none was named, and projects may not be listed. */
  | { readonly kind: 'context-project'; readonly project: string }
  | {
      readonly kind: 'page';
      readonly type: string;
      readonly objectCount: number;
      readonly receivedBytes: number;
    }
  | { readonly kind: 'type'; readonly record: TypeRecord }
  /** A gap that no `type` has told of: what is required and missing. */
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'verifying'; readonly fileCount: number }
  | { readonly kind: 'published'; readonly path: string; readonly sha256: string; readonly sizeBytes: number }
  | {
      readonly kind: 'rotated';
      readonly decisions: readonly RotationDecision[];
      readonly problems: readonly string[];
    }
  | { readonly kind: 'rotation-skipped'; readonly reason: string };

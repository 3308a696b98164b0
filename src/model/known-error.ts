/** The classes of failure that a run can end with; `cli/exit-code.ts` gives each its number. */
export type FailureKind = 'usage' | 'incomplete' | 'failed' | 'refused';

/**
 * An error that the tool knows and can explain: it is shown as one line, without a stack trace.
 * Its message says what went wrong and what to do. Every other error is a defect and is shown whole.
 */
export class KnownError extends Error {
  override readonly name = 'KnownError';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The text of anything that was thrown, on one line, with no more than 500 characters. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.replaceAll(/\s+/gu, ' ').trim();
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
}

/** The code of a Node.js system error (`ENOENT`, `ENOSPC`, …), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

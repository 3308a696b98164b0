import { type FailureKind, KnownError } from '../model/known-error.ts';

/** A number that the process can end with, and what it says. */
export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
}

/** Every exit code of the tool; the help text and the README print this table. */
export const EXIT_CODES: readonly ExitCode[] = [
  { code: 0, meaning: 'complete; with diff: no difference' },
  { code: 1, meaning: 'differences found (diff only)' },
  { code: 2, meaning: 'wrong usage or configuration' },
  {
    code: 3,
    meaning:
      "incomplete: the archive is published, and names its gaps; or a volume's copy can't be relied on",
  },
  {
    code: 4,
    meaning:
      'failed: nothing is published, an archive is damaged, a copy has failed, or the guard is not in force',
  },
  { code: 5, meaning: 'refused for safety; with volumes: declined' },
  { code: 130, meaning: 'interrupted (SIGINT)' },
  { code: 143, meaning: 'terminated (SIGTERM)' },
];

/** Everything that was asked for is done. */
export const COMPLETE = 0;
/** Two archives differ. */
export const DIFFERENT = 1;
/** An archive is there, and it names its gaps. */
export const INCOMPLETE = 3;
/** Nothing was published, or an archive is damaged. */
export const FAILED = 4;
/** Nothing was done, for safety. */
export const REFUSED = 5;

const OF_KIND: Record<FailureKind, number> = {
  usage: 2,
  incomplete: INCOMPLETE,
  failed: FAILED,
  refused: REFUSED,
};

/** A run that a signal has ended. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly code: 130 | 143;

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`);
    this.code = signal === 'SIGINT' ? 130 : 143;
  }
}

/** The exit code for an error; 4 for one that the tool does not know. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interruption) return error.code;
  return error instanceof KnownError ? OF_KIND[error.kind] : FAILED;
}

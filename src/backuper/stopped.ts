import type { BackuperOutcome } from '../model/backuper.ts';

/** Ends a task with an outcome that is not success; the message is one line for a person. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly outcome: BackuperOutcome;

  constructor(outcome: BackuperOutcome, message: string, options?: ErrorOptions) {
    super(message, options);
    this.outcome = outcome;
  }
}

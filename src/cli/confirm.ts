import { createInterface } from 'node:readline';
import type { ProcessContext } from './process-context.ts';

/** Whether somebody sits at a terminal, who can read a question and answer it. */
export function isAttended({ stdin, stderr }: ProcessContext): boolean {
  return stdin?.isTTY === true && stderr.isTTY === true;
}

/**
 * Asks a question on a terminal. Only `y` or `yes` means yes, and the end of the input means no.
 *
 * @throws the signal's reason when the process is told to end before there is an answer
 */
export async function confirm({ stdin, stderr, signal }: ProcessContext, question: string): Promise<boolean> {
  signal.throwIfAborted();
  if (!stdin) return false;
  stderr.write(`${question} [y/N] `);
  // As no terminal of its own, it leaves Ctrl-C to the process.
  const lines = createInterface({ input: stdin, terminal: false, signal });
  for await (const line of lines) return /^y(?:es)?$/iu.test(line.trim());
  stderr.write('\n');
  signal.throwIfAborted();
  return false;
}

import type { WriteStream } from 'node:tty';
import type { Settings } from '../config/options.ts';
import { systemErrorCode } from '../model/known-error.ts';

/** What a command may use of the process it runs in. */
export interface ProcessContext {
  readonly stdout: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;
  readonly stderr: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;
  /** Who may be asked something; nobody where it is missing. */
  readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted, with an Interruption as its reason, when the process is asked to end. */
  readonly signal: AbortSignal;
}

/** What every command gets. */
export interface CommandInput {
  readonly process: ProcessContext;
  readonly settings: Settings;
  readonly output: OutputFormat;
}

/** How a result is printed: for a person, for a script, or as bare names. */
export type OutputFormat = 'table' | 'text' | 'json' | 'patch' | 'markdown' | 'html' | 'name';

/**
 * Writes a text to standard output as a whole, also when a slow reader is behind it. A reader that has had
 * enough, such as `head`, is no failure: what the command did counts, not who looked at it.
 */
export async function print({ stdout }: ProcessContext, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stdout.write(text, (error?: Error | null) =>
      error && systemErrorCode(error) !== 'EPIPE' ? reject(error) : resolve(),
    );
  });
}

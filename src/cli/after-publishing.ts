import { errorText, KnownError } from '../model/known-error.ts';

/** Told of what could not be done or written down: a static message, and what belongs to it. */
export type Warn = (message: string, fields: Readonly<Record<string, unknown>>) => void;

/**
 * Does what comes after an archive is published: what goes wrong with it is told to `warn`, and the run ends as it
 * would have ended.
 *
 * @param attempt the warning's message, and the command that does the same by hand
 * @returns undefined when it could not be done
 */
export async function afterPublishing<T>(
  warn: Warn,
  attempt: { readonly message: string; readonly command: string },
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    // The text of an error that the tool does not know may hold anything.
    const defect = `this is a defect of openshift-backup: try "${attempt.command}"`;
    warn(attempt.message, { problem: error instanceof KnownError ? errorText(error) : defect });
    return undefined;
  }
}

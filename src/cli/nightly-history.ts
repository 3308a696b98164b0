import { errorText, KnownError } from '../model/known-error.ts';
import type { CommandInput } from './process-context.ts';
import type { Warn } from './record-run.ts';

/**
 * Adds the night to the history in git after a complete run, if a repository is named. The archive is published and
 * the run recorded: what goes wrong here is told to `warn`, and the run ends as it would have ended.
 */
export async function nightlyHistory(input: CommandInput, isComplete: boolean, warn: Warn): Promise<void> {
  if (input.settings.git === '' || !isComplete) return;
  try {
    const { updateHistory } = await import('./history.ts');
    const { damaged, late } = await updateHistory(input, () => {});
    for (const { archive, problem } of damaged)
      warn('An archive is damaged and not in the history', { archive, problem });
    for (const archive of late) warn('An archive is older than the history and not in it', { archive });
  } catch (error) {
    // The text of an error that the tool does not know may hold anything.
    const problem =
      error instanceof KnownError ? errorText(error) : 'this is a defect of openshift-backup: try "history"';
    warn('Could not write the history', { problem });
  }
}

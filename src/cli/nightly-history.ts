import { afterPublishing, type Warn } from './after-publishing.ts';
import type { CommandInput } from './process-context.ts';

/** Adds the night to the history in git after a complete run, if a repository is named. */
export async function nightlyHistory(input: CommandInput, isComplete: boolean, warn: Warn): Promise<void> {
  if (input.settings.git === '' || !isComplete) return;
  await afterPublishing(warn, { message: 'Could not write the history', command: 'history' }, async () => {
    const { updateHistory } = await import('./history.ts');
    const { damaged, late } = await updateHistory(input, () => {});
    for (const { archive, problem } of damaged)
      warn('An archive is damaged and not in the history', { archive, problem });
    for (const archive of late) warn('An archive is older than the history and not in it', { archive });
  });
}

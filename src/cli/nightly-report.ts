import type { Settings } from '../config/options.ts';
import { errorText, KnownError } from '../model/known-error.ts';
import type { Warn } from './record-run.ts';

/**
 * Writes the report beside the archives after a complete run, if that is asked for. The archive is published and the
 * run recorded: what goes wrong here is told to `warn`, and the run ends as it would have ended.
 */
export async function nightlyReport(settings: Settings, isComplete: boolean, warn: Warn): Promise<void> {
  if (!settings.report || !isComplete) return;
  try {
    // Loaded at the end of a run, when its own memory is free again.
    const { writeFolderReport } = await import('./report.ts');
    await writeFolderReport(settings, (problem) => warn('The report may not tell everything', { problem }));
  } catch (error) {
    // The text of an error that the tool does not know may hold anything.
    const problem =
      error instanceof KnownError ? errorText(error) : 'this is a defect of openshift-backup: try "report"';
    warn('Could not write the report', { problem });
  }
}

import type { Settings } from '../config/options.ts';
import { afterPublishing, type Warn } from './after-publishing.ts';

/** Writes the report beside the archives after a complete run, if that is asked for. */
export async function nightlyReport(settings: Settings, isComplete: boolean, warn: Warn): Promise<void> {
  if (!settings.report || !isComplete) return;
  await afterPublishing(warn, { message: 'Could not write the report', command: 'report' }, async () => {
    // Loaded at the end of a run, when its own memory is free again.
    const { writeFolderReport } = await import('./report.ts');
    await writeFolderReport(settings, (problem) => warn('The report may not tell everything', { problem }));
  });
}

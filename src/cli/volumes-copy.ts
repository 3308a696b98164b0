import { copyVolume } from '../volumes/run/copy-volume.ts';
import type { RunRecord } from '../volumes/run-record.ts';
import { withCluster } from './cluster-access.ts';
import { copyContext } from './copy-surroundings.ts';
import { copyReport } from './copy-report.ts';
import { COMPLETE, FAILED, INCOMPLETE, REFUSED } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { copyRequestOf } from './volumes-request.ts';
import { endText } from './volumes-text.ts';

/** `openshift-backup volumes copy`: copies a volume into another, and compares the two. */
export async function volumesCopy(
  input: CommandInput,
  args: readonly string[],
  switches: ReadonlySet<string>,
): Promise<number> {
  const request = copyRequestOf(input.settings, args, switches);
  const report = copyReport(input.process);
  try {
    const record = await withCluster(input, async (_client, connection) => {
      const context = await copyContext(input, connection);
      return await copyVolume(
        { ...context, ...report.hooks, keepsFailedPod: switches.has('keepPod') },
        request,
      );
    });
    report.stop();
    const text = input.output === 'json' ? `${JSON.stringify(record, null, 2)}\n` : endText(record);
    await print(input.process, text);
    if (record.result === 'cancelled') input.process.signal.throwIfAborted();
    return codeOf(record);
  } finally {
    report.stop();
  }
}

function codeOf({ result, report }: RunRecord): number {
  if (result === 'complete') return COMPLETE;
  if (result === 'declined') return REFUSED;
  return result === 'fuzzy' || report?.outcome === 'unequal' ? INCOMPLETE : FAILED;
}

import { ClusterObjects } from '../kubernetes/objects.ts';
import { safeText } from '../model/text.ts';
import { RecordStore } from '../volumes/run/record-store.ts';
import { withCluster } from './cluster-access.ts';
import { COMPLETE } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { projectOf } from './volumes-request.ts';
import { runsText } from './volumes-text.ts';

/** `openshift-backup volumes status`: the copies of a project, the newest first, and how they went. */
export async function volumesStatus(input: CommandInput): Promise<number> {
  const project = projectOf(input.settings);
  const { records, junk } = await withCluster(
    input,
    async (client) => await new RecordStore(new ClusterObjects(client), project).list(),
  );
  for (const { name, reason } of junk)
    input.process.stderr.write(`warning: the record ${safeText(name)} can't be read: ${safeText(reason)}\n`);
  const runs = records.map(({ record }) => record).toReversed();
  const text = input.output === 'json' ? `${JSON.stringify(runs, null, 2)}\n` : runsText(runs, new Date());
  await print(input.process, text);
  return COMPLETE;
}

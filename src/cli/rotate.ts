import { safeText } from '../model/text.ts';
import { type CatalogEntry, readCatalog } from '../archive/catalog.ts';
import { verifyArchive } from '../archive/verify-archive.ts';
import { checkVolume } from '../archive/volume.ts';
import type { Settings } from '../config/options.ts';
import { KnownError } from '../model/known-error.ts';
import { isSelectionOf, selectionOf } from '../model/manifest.ts';
import { planRotation, type RotationDecision } from '../retention/plan.ts';
import { executeRotation } from '../retention/rotate.ts';
import { COMPLETE, FAILED } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { table } from './text.ts';

/** `openshift-backup rotate`: removes old archives once the newest complete one has been verified. */
export async function rotate(
  { process, settings, output }: CommandInput,
  _args: readonly string[],
  switches: ReadonlySet<string>,
): Promise<number> {
  const isDryRun = switches.has('dryRun');
  if (!isDryRun) await checkVolume(settings.dir, false);
  const entries = await readCatalog(settings.dir);
  const { clusterId, selection } = await verifiedNewest(settings, entries);
  const policy = { retainDays: settings.retainDays, keepLastCount: settings.keepLast };
  const decisions = planRotation(entries, policy, {
    now: new Date(),
    backup: settings.name,
    clusterId,
    selection,
  });
  await print(process, rendered(decisions, output));
  if (isDryRun) return COMPLETE;
  const { problems } = await executeRotation(settings.dir, decisions);
  for (const problem of problems) process.stderr.write(`error: ${safeText(problem)}\n`);
  return problems.length === 0 ? COMPLETE : FAILED;
}

/** The cluster and selection of the newest complete archive, which must be sound before anything older goes. */
async function verifiedNewest(
  settings: Settings,
  entries: readonly CatalogEntry[],
): Promise<{ clusterId: string | null; selection: string }> {
  const newest = entries.find(
    ({ name, state }) =>
      name.backup === settings.name && state.kind === 'complete' && isSelectionOf(state.selection, settings),
  );
  if (newest?.state.kind !== 'complete') return { clusterId: null, selection: selectionOf(settings) };
  const verification = await verifyArchive(newest.path);
  const { clusterId, selection } = newest.state;
  if (verification.result === 'sound') return { clusterId, selection };
  throw new KnownError(
    'refused',
    `The newest complete archive ${newest.name.file} is damaged (${verification.problems[0] ?? ''}): nothing is removed. Move it away, or make a new one with "openshift-backup run"`,
  );
}

function rendered(decisions: readonly RotationDecision[], output: CommandInput['output']): string {
  const rows = decisions.map(({ entry, action, reason }) => ({ file: entry.name.file, action, reason }));
  if (output === 'json') return `${JSON.stringify(rows, null, 2)}\n`;
  return table(
    ['ARCHIVE', 'ACTION', 'REASON'],
    rows.map(({ file, action, reason }) => [file, action, safeText(reason)]),
  );
}

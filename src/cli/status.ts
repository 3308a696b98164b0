import { volumeError } from '../archive/volume.ts';
import type { Settings } from '../config/options.ts';
import { backupNames, statusOf } from '../status/backup-status.ts';
import { readFacts } from '../status/folder-facts.ts';
import type { RunRecord } from '../status/run-record.ts';
import { COMPLETE } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { type StatusView, statusText } from './status-text.ts';
import { viewpointOf } from './viewpoint.ts';

/** `openshift-backup status`: how the backup does, from what lies beside the archives. */
export async function status({ process, settings, output }: CommandInput): Promise<number> {
  const view = await viewOf(settings);
  if (view.problem !== undefined) process.stderr.write(`warning: ${view.problem}\n`);
  const text =
    output === 'json'
      ? `${JSON.stringify(summary(view), null, 2)}\n`
      : statusText(view, { isUtf8: isUtf8(process.environment), stream: process.stdout });
  await print(process, text);
  return COMPLETE;
}

async function viewOf(settings: Settings): Promise<StatusView> {
  const { dir, name } = settings;
  try {
    const facts = await readFacts(dir);
    const viewpoint = viewpointOf(settings, new Date());
    return {
      dir,
      viewpoint,
      status: statusOf(name, facts, viewpoint),
      space: facts.space,
      others: backupNames(facts).filter((other) => other !== name),
      problem: facts.problem,
    };
  } catch (error) {
    throw volumeError(error, dir, 'usage');
  }
}

/** Whether the terminal takes more than ASCII, as the environment says it (locale(7)). */
function isUtf8({ LC_ALL, LC_CTYPE, LANG }: CommandInput['process']['environment']): boolean {
  return /utf-?8/iu.test([LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '') ?? '');
}

/** Everything there is, for a script. */
function summary({ dir, viewpoint, status: found, space, others, problem }: StatusView): object {
  const { backup, lastRun, lastSuccess, lastComplete, nextDueAt, isOverdue, archives, nights } = found;
  return {
    backup,
    dir,
    lastRun: recordOf(lastRun),
    lastSuccess: recordOf(lastSuccess),
    lastComplete: recordOf(lastComplete),
    nextDueAt: nextDueAt?.toISOString() ?? null,
    isOverdue,
    archives: {
      count: archives.length,
      completeCount: archives.filter(({ name }) => name.isComplete).length,
      sizeBytes: archives.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    },
    volume: space ?? null,
    timeZone: viewpoint.timeZone,
    nights,
    otherBackups: others,
    problem: problem ?? null,
  };
}

function recordOf(run: RunRecord | undefined): RunRecord | null {
  return run ?? null;
}

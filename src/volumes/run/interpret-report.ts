import type { BackuperOutcome, BackuperReport } from '../../model/backuper.ts';
import { safeText } from '../../model/text.ts';
import { objectsAt, textAt, valueAt } from '../fields.ts';
import type { CopyResult } from '../run-record.ts';

/** How a task ended. */
export interface Interpretation {
  readonly result: CopyResult;
  /** One line: what happened and, when it failed, what to do. */
  readonly message: string;
  /** Whether the same task may go better if it is begun again a little later. */
  readonly mayRetry: boolean;
}

const OUTCOMES: Readonly<Record<BackuperOutcome, Omit<Interpretation, 'message'>>> = {
  done: { result: 'complete', mayRetry: false },
  fuzzy: { result: 'fuzzy', mayRetry: false },
  // Somebody has written though nobody should: the next pass copies that too.
  unequal: { result: 'failed', mayRetry: true },
  vanished: { result: 'failed', mayRetry: true },
  interrupted: { result: 'cancelled', mayRetry: true },
  busy: { result: 'failed', mayRetry: true },
  failed: { result: 'failed', mayRetry: false },
  unreadable: { result: 'failed', mayRetry: false },
  'target-full': { result: 'failed', mayRetry: false },
  'owners-refused': { result: 'failed', mayRetry: false },
  shrunk: { result: 'failed', mayRetry: false },
  'bad-folder': { result: 'failed', mayRetry: false },
  'missing-folder': { result: 'failed', mayRetry: false },
  'bad-request': { result: 'failed', mayRetry: false },
};
/** Of rsync: sockets, protocol, IPC, killed, time-outs (https://github.com/RsyncProject/rsync/blob/v3.4.1/errcode.h). */
const PASSING_EXITS: readonly number[] = [10, 12, 14, 19, 20, 30, 35, 137];

/** Why a pod was ended, or never begun, by its node; with what to do. */
const BY_NODE: Readonly<Record<string, string>> = {
  Evicted: 'its node had too little memory or disk left',
  Preempting: 'its node needed the room for a pod that counts more',
  NodeLost: 'its node does not answer',
  NodeShutdown: 'its node was shut down',
  Terminated: 'its node was shut down',
  NodeAffinity: 'its node is not the right one any more',
  UnexpectedAdmissionError: 'its node did not take it',
  ContainerStatusUnknown: 'its node has lost sight of it',
};

/**
 * What became of a task, by the program's own report and the pod's status; never by a log. Only a report that says so,
 * of a container that ended well, counts as complete.
 *
 * @param report undefined when the program left none that can be read
 * @param podStatus undefined when the pod is gone
 */
export function interpretReport(report: BackuperReport | undefined, podStatus: unknown): Interpretation {
  const end = endOf(podStatus);
  const said = report === undefined ? undefined : ofReport(report);
  if (said?.result === 'complete' || said?.result === 'fuzzy') return endedWell(said, end);
  const byNode = ofNode(end);
  if (byNode) return said ? { ...byNode, message: `${byNode.message}; it says: ${said.message}` } : byNode;
  if (said) return said;
  if (podStatus !== undefined) return ofExit(end);
  return { result: 'cancelled', message: 'The pod was deleted while it worked: copy again', mayRetry: false };
}

/** The kubelet's word counts more than the program's, which may have been killed after it spoke. */
function endedWell(said: Interpretation, { exitCode = 0 }: PodEnding): Interpretation {
  if (said.result === 'fuzzy' || exitCode === 0) return said;
  return failed(`The program ended with ${exitCode}, though it says "${said.message}": copy again`, true);
}

function ofReport(report: BackuperReport): Interpretation {
  const message = safeText(report.message) || `The task ended: ${report.outcome}`;
  if (!Object.hasOwn(OUTCOMES, report.outcome))
    return failed(
      `The image is of another version: the pod ended with ${safeText(report.outcome)}, which is not known`,
    );
  const differences = report.verification?.differenceCount;
  if (report.task === 'copy' && report.outcome === 'done' && differences !== 0)
    return failed(
      `The pod says that it is done, and ${differences === undefined ? 'has compared nothing' : `counts ${differences} differences`}: use the image of this version`,
    );
  const hasPassed = report.outcome === 'failed' && PASSING_EXITS.includes(report.copied?.rsyncExit ?? 0);
  const { result, mayRetry } = OUTCOMES[report.outcome];
  return { result, message, mayRetry: mayRetry || hasPassed };
}

interface PodEnding {
  readonly reason: string;
  readonly message: string;
  readonly exitCode: number | undefined;
  readonly containerReason: string;
}

function endOf(podStatus: unknown): PodEnding {
  const [container] = objectsAt(podStatus, 'containerStatuses');
  const exitCode = valueAt(container, 'state', 'terminated', 'exitCode');
  return {
    reason: textAt(podStatus, 'reason'),
    message: safeText(textAt(podStatus, 'message')).slice(0, 300),
    exitCode: typeof exitCode === 'number' ? exitCode : undefined,
    containerReason: textAt(container, 'state', 'terminated', 'reason'),
  };
}

/** What ended the pod from outside; undefined for nothing that can be told. */
function ofNode({ reason, message, containerReason }: PodEnding): Interpretation | undefined {
  const words = message === '' ? '' : ` (${message})`;
  if (containerReason === 'OOMKilled')
    return failed('The pod needed more memory than it had: it is given more the next time', true);
  if (reason === 'DeadlineExceeded')
    return failed(`The copy took longer than it may: allow more time, or copy a folder at a time${words}`);
  const key = [reason, containerReason].find((one) => Object.hasOwn(BY_NODE, one)) ?? '';
  const why = BY_NODE[key] ?? (reason.startsWith('OutOf') ? 'its node had no room for it' : undefined);
  return why === undefined ? undefined : failed(`The pod was ended, ${why}: copy again${words}`, true);
}

function ofExit({ exitCode, reason, message, containerReason }: PodEnding): Interpretation {
  if (exitCode === 137 || exitCode === 143)
    return failed(`The program was killed (${exitCode}) and has left no report: copy again`, true);
  if (containerReason === 'StartError' || containerReason === 'ContainerCannotRun')
    return failed('The program could not be started: check that the image is the one of this version');
  const words = [reason, containerReason, message].filter((text) => text !== '').join(', ');
  const how = exitCode === undefined ? 'without an exit code' : `with ${exitCode}`;
  return failed(
    `The pod ended ${how} and has left no report that can be read${words === '' ? '' : ` (${words})`}: see its log`,
  );
}

function failed(message: string, mayRetry = false): Interpretation {
  return { result: 'failed', message, mayRetry };
}

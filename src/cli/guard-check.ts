import {
  type Trial,
  type TrialResult,
  trialResult,
  trials,
  type Verdict,
  verdictOf,
} from '../guard/trials.ts';
import { ApiClient } from '../kubernetes/api-client.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import { isGlob } from '../model/glob.ts';
import { KnownError } from '../model/known-error.ts';
import { withCluster } from './cluster-access.ts';
import { COMPLETE, FAILED } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { table } from './text.ts';
import { toolVersion } from './tool-version.ts';

/** A webhook that does not answer is the answer. */
const ATTEMPTS_MAX = 2;

/**
 * `openshift-backup guard check`: tries in one project what the guard must refuse, and the backup's own pod. Nothing is
 * made, and no configuration is read: what counts is what the server does.
 *
 * @returns 0 when the guard is in force, else 4
 */
export async function guardCheck(input: CommandInput): Promise<number> {
  const { process, settings, output } = input;
  const [namespace = '', ...others] = settings.namespaces;
  if (others.length > 0 || isGlob(namespace))
    throw new KnownError('usage', 'The guard is tried in one project: give one name with --namespace');
  const { results, verdict } = await withCluster(input, async (_client, connection) => {
    const client = new ApiClient(connection, `openshift-backup/${toolVersion()}`, process.signal, {
      attemptsMax: ATTEMPTS_MAX,
    });
    const project = namespace || connection.namespace || 'default';
    const found: TrialResult[] = [];
    for (const trial of trials(project, settings.image)) found.push(await tried(client, trial));
    return { results: found, verdict: verdictOf(found, settings.image !== '') };
  });
  await print(process, output === 'json' ? json(results, verdict) : rendered(results));
  process.stderr.write(`${verdict.isInForce ? '' : 'error: '}${verdict.message}\n`);
  return verdict.isInForce ? COMPLETE : FAILED;
}

async function tried(client: ApiClient, trial: Trial): Promise<TrialResult> {
  try {
    await client.send(`${trial.path}?dryRun=All&fieldManager=openshift-backup`, {
      method: 'POST',
      body: trial.body,
    });
    return trialResult(trial, undefined);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 401) throw error;
    return trialResult(trial, error.message);
  }
}

function json(results: readonly TrialResult[], verdict: Verdict): string {
  return `${JSON.stringify({ ...verdict, trials: results }, null, 2)}\n`;
}

function rendered(results: readonly TrialResult[]): string {
  const rows = results.map(({ what, outcome, rule, message }) => [
    what,
    outcome,
    rule === undefined ? message.slice(0, 120) : `by rule ${rule}`,
  ]);
  return table(['TRIED', 'OUTCOME', 'HOW'], rows);
}

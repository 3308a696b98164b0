import { randomUUID } from 'node:crypto';
import { mkdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { KnownError } from '../../../src/model/known-error.ts';
import { ensureBinaries, type Log } from '../binaries.ts';
import { runCommand } from '../run-command.ts';
import { controlGroupRoots } from './control-groups.ts';
import { ensureNodePackages } from './packages.ts';

/** Set by test/run.ts for its tests: why there can be no node, empty when there can. */
export const SKIPPED_VARIABLE = 'NODE_TESTS_SKIPPED';
/** With the value `required`, a node that can't be had is a failure. */
const REQUIRED_VARIABLE = 'NODE_TESTS';

/**
 * Why this machine can have no node, in one line, for the option `skip` of the tests that need one:
 * `{ skip: (await whyNoNode()) ?? false }`. Installs packages that are missing, if it may.
 *
 * @throws {KnownError} with the reason, when NODE_TESTS is `required`
 */
export async function whyNoNode(
  log: Log = (line) => void process.stderr.write(`${line}\n`),
): Promise<string | undefined> {
  const known = process.env[SKIPPED_VARIABLE];
  const reason = known === undefined ? await findReason(log) : known;
  if (reason === undefined || reason === '') return undefined;
  if (process.env[REQUIRED_VARIABLE] === 'required') {
    throw new KnownError('failed', `${REQUIRED_VARIABLE} is required, and there can be no node: ${reason}`);
  }
  return reason;
}

async function findReason(log: Log): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'a node needs Linux';
  if (process.getuid?.() !== 0) return 'a node needs root';
  const namespaces = await tried('namespaces', () => runInNamespaces('true'));
  if (namespaces !== undefined) return namespaces;
  const groups = await tried('control groups', tryControlGroups);
  if (groups !== undefined) return groups;
  const { kubelet, kubeScheduler, kubeControllerManager } = await ensureBinaries(log);
  if (!kubelet || !kubeScheduler || !kubeControllerManager) {
    return 'KUBEBUILDER_ASSETS has no kubelet, kube-scheduler or kube-controller-manager';
  }
  const packages = await ensureNodePackages(log);
  if (packages !== undefined) return packages;
  return tried('network bridges', () => runInNamespaces('ip link add cni0 type bridge'));
}

async function tried(what: string, attempt: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return `this machine allows no ${what}: ${line}`;
  }
}

function runInNamespaces(script: string): Promise<string> {
  const unshare = ['unshare', '--net', '--mount', '--pid', '--fork', '--mount-proc'];
  return runCommand([...unshare, 'sh', '-c', script], { title: 'unshare' });
}

async function tryControlGroups(): Promise<void> {
  const name = `openshift-backup-${randomUUID()}`;
  const roots = await controlGroupRoots();
  if (roots.length === 0) throw new Error('there are none below /sys/fs/cgroup');
  for (const root of roots) {
    await mkdir(path.join(root, name));
    await rmdir(path.join(root, name));
  }
}

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { KnownError } from '../../src/model/known-error.ts';
import { kubeconfig } from '../cluster/cluster-files.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { installOpenShiftTypes } from '../cluster/openshift-types.ts';
import { SAMPLE_PROJECTS, sampleProjects } from '../cluster/sample-projects.ts';
import type { Stage } from './stage.ts';

const RIGHTS_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const NAMESPACE = 'openshift-backup';

/** Fills the cluster with OpenShift's types and the sample projects. */
export async function fillCluster(stage: Stage, cluster: Cluster): Promise<void> {
  const names = SAMPLE_PROJECTS.map(({ name }) => name).join(', ');
  stage.title('1. A cluster with something in it');
  await installOpenShiftTypes(cluster);
  await cluster.apply(sampleProjects());
  stage.say(`It has OpenShift's types, custom resources, Secrets, and these sample projects: ${names}.`);
  await stage.play('kubectl get routes,warehouses -A --no-headers', {
    expect: /shop +route\.route\.openshift\.io\/web /u,
  });
}

/** Makes the ServiceAccount `nightly`, which may get and list everything, and `nightly.kubeconfig` for it. */
export async function makeServiceAccount(stage: Stage, cluster: Cluster, signal: AbortSignal): Promise<void> {
  stage.title('2. A ServiceAccount that may read everything, and change nothing');
  await stage.play(`kubectl create namespace ${NAMESPACE}`);
  await stage.play(`kubectl create serviceaccount nightly -n ${NAMESPACE}`);
  await stage.play("kubectl create clusterrole read-everything --verb=get,list --resource='*.*'");
  await stage.play(
    `kubectl create clusterrolebinding nightly --clusterrole=read-everything --serviceaccount=${NAMESPACE}:nightly`,
  );
  stage.say('A token from "kubectl create token" goes into nightly.kubeconfig.');
  await writeKubeconfig(stage, cluster);
  await rightsInEffect(stage, signal);
  await stage.play('kubectl auth can-i delete pods -A --kubeconfig nightly.kubeconfig', {
    code: 1,
    expect: /^no\n$/u,
  });
}

async function writeKubeconfig({ workshop }: Stage, { server, caFile }: Cluster): Promise<void> {
  const { code, stdout } = await workshop.run(`kubectl create token nightly -n ${NAMESPACE}`);
  if (code !== 0) throw new KnownError('failed', 'There is no token for the ServiceAccount');
  const ca = await readFile(caFile, 'utf8');
  await workshop.write('nightly.kubeconfig', kubeconfig(server, ca, { token: stdout.trim() }, NAMESPACE));
}

/** The server's authorizer sees a new binding some milliseconds later: this waits until it does. */
async function rightsInEffect({ workshop }: Stage, signal: AbortSignal): Promise<void> {
  const deadlineMs = Date.now() + RIGHTS_TIMEOUT_MS;
  for (;;) {
    const { stdout } = await workshop.run(
      'kubectl auth can-i list secrets -A --kubeconfig nightly.kubeconfig',
    );
    if (stdout.trim() === 'yes') return;
    if (Date.now() > deadlineMs) throw new KnownError('failed', 'The ServiceAccount has not got its rights');
    await sleep(POLL_MS, undefined, { signal });
  }
}

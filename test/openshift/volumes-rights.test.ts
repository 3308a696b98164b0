import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, sharedCluster } from '../cluster/cluster.ts';
import type { ServiceAccountLogin } from '../cluster/service-account.ts';
import {
  allowedAccesses,
  everyResource,
  type Resource,
  type SweepScope,
  untilAllowed,
} from './access-sweep.ts';
import { inNamespace, templateFile } from './kustomize.ts';
import { processTemplate } from './process-template.ts';
import { installSccDefaults } from './scc-defaults.ts';
import { assertDone, namespaceOf } from './volumes-cases.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

const NAME = 'volume-rights';
const ALLOWED = `${NAME}-allowed`;
const OTHER = `${NAME}-other`;
const SETTINGS = { OPENSHIFT_BACKUP_NAME: NAME, OPENSHIFT_BACKUP_NAMESPACE: NAME };

const POLL_MS = 20;
const EFFECTIVE_TIMEOUT_MS = 30_000;

/** What copies take, beyond listing. */
const COPY = [
  'create configmaps',
  'create leases.coordination.k8s.io',
  'create pods',
  'delete configmaps',
  'delete leases.coordination.k8s.io',
  'delete pods',
  'get configmaps',
  'get leases.coordination.k8s.io',
  'get persistentvolumeclaims',
  'get pods',
  'get pods/log',
  'patch configmaps',
  'patch persistentvolumeclaims',
  'update configmaps',
  'update leases.coordination.k8s.io',
];
/** What keeping an application still takes beyond that. */
const QUIESCE = [
  'create pods/exec',
  'get deployments.apps',
  'get deployments/scale.apps',
  'get pods/exec',
  'get replicasets.apps',
  'get statefulsets.apps',
  'get statefulsets/scale.apps',
  'patch deployments/scale.apps',
  'patch statefulsets/scale.apps',
  'update deployments/scale.apps',
  'update statefulsets/scale.apps',
];
/** SecurityContextConstraints that would be more than copies take. */
const OTHER_SCCS = ['privileged', 'anyuid', 'nonroot', 'hostaccess', 'restricted'];

describe('the rights of a backup that copies volumes', () => {
  let cluster: Cluster;
  let place: Workplace;
  let account: ServiceAccountLogin;
  let resources: Resource[];
  /** What it may do wherever it was not let copy: to list everything, and what everybody may. */
  let reading: string[];

  before(async () => {
    cluster = await sharedCluster();
    place = await makeWorkplace(cluster);
    await installSccDefaults(cluster);
    await cluster.apply([NAME, ALLOWED, OTHER].map((name) => namespaceOf(name)));
    const values = { NAME, NAMESPACE: NAME };
    const objects = processTemplate(templateFile('template-kubernetes.yml'), values);
    await cluster.apply(inNamespace(NAME, objects));
    account = await cluster.serviceAccount({ namespace: NAME, name: NAME });
    await untilAllowed(cluster, account.token, { verb: 'list', resource: 'pods' });
    resources = await everyResource(cluster);
    reading = await accesses();
  });
  after(async () => {
    assertDone(await place.make(['volumes-forbid', `PROJECT=${ALLOWED}`], SETTINGS));
    await cluster.kubectl([
      'delete',
      'clusterroles,clusterrolebindings,securitycontextconstraints',
      '-l',
      `app=${NAME}`,
    ]);
    await place.remove();
  });

  test('nowhere to make a pod, or anything else, while no project is opted in', async () => {
    const changing = /^(?!get |list |watch )\S+ (?!\w+reviews\.)/u;
    assert.deepEqual(
      reading.filter((access) => changing.test(access)),
      [],
    );
    assert.ok(reading.includes('list secrets'));
    for (const namespace of [ALLOWED, OTHER, NAME, 'kube-system', 'default'])
      assert.deepEqual(await accesses({ namespace }), reading, namespace);
  });

  test('in an opted-in project exactly what copies take, and in no other project', async () => {
    await allow();
    assert.deepEqual(await added(), COPY);
    await assertElsewhere();
  });

  test('commands in pods and scaling only with QUIESCE=yes, and in no other project', async () => {
    await allow('QUIESCE=yes');
    await untilAllowed(cluster, account.token, {
      verb: 'get',
      group: 'apps',
      resource: 'replicasets',
      namespace: ALLOWED,
    });
    assert.deepEqual(await added(), [...COPY, ...QUIESCE].toSorted());
    await assertElsewhere();
  });

  test('the use of three SCCs by their names, in the project only', async () => {
    const wanted = ['restricted-v2', 'nonroot-v2', 'backuper-root'];
    for (const name of wanted) assert.equal(await uses(name, ALLOWED), true, name);
    for (const name of OTHER_SCCS) assert.equal(await uses(name, ALLOWED), false, name);
    for (const name of wanted) assert.equal(await uses(name, OTHER), false, name);
    await allow('ROOT=no');
    const others = [...OTHER_SCCS, 'backuper-root'];
    await untilNot(() => uses('backuper-root', ALLOWED));
    for (const name of others) assert.equal(await uses(name, ALLOWED), false, name);
    assert.equal(await uses('nonroot-v2', ALLOWED), true);
  });

  test('the ServiceAccount of BackupEr pods has no right, and neither has whoever else lies there', async () => {
    const backuper = await cluster.serviceAccount({ namespace: ALLOWED, name: 'backuper' });
    const nobody = await cluster.serviceAccount({ namespace: OTHER, name: 'nobody' });
    const scope = { namespace: ALLOWED };
    const everybody = await allowedAccesses(cluster, nobody.token, resources, scope);
    assert.deepEqual(await allowedAccesses(cluster, backuper.token, resources, scope), everybody);
  });

  test('nothing is left once the project is forbidden', async () => {
    assertDone(await place.make(['volumes-forbid', `PROJECT=${ALLOWED}`], SETTINGS));
    await untilNot(() => may('create', 'pods', ALLOWED));
    assert.deepEqual(await added(), []);
    assert.equal(await uses('nonroot-v2', ALLOWED), false);
  });

  describe('to execute over a WebSocket takes both rights on pods/exec', () => {
    for (const [verbs, status] of [
      [['create'], 403],
      [['get', 'create'], 400],
    ] as const) {
      test(`with ${verbs.join(' and ')}: ${status}`, async () => {
        const name = `executor-${verbs.length}`;
        const rules = [{ apiGroups: [''], resources: ['pods/exec'], verbs }];
        const { token } = await cluster.serviceAccount({
          namespace: OTHER,
          name,
          namespaceRules: { [OTHER]: rules },
        });
        const metadata = { name: 'unscheduled', namespace: OTHER };
        const spec = { serviceAccountName: 'nobody', containers: [{ name: 'one', image: 'none' }] };
        await cluster.apply([{ apiVersion: 'v1', kind: 'Pod', metadata, spec }]);
        // 400: it was let through as far as to the node, of which there is none.
        assert.equal(await upgradeStatus(cluster, token), status);
      });
    }
  });

  async function allow(...more: string[]): Promise<void> {
    assertDone(await place.make(['volumes-allow', `PROJECT=${ALLOWED}`, ...more], SETTINGS));
    await untilAllowed(cluster, account.token, { verb: 'create', resource: 'pods', namespace: ALLOWED });
    await untilAllowed(cluster, account.token, {
      verb: 'get',
      group: 'coordination.k8s.io',
      resource: 'leases',
      namespace: ALLOWED,
    });
  }

  async function accesses(scope: SweepScope = {}): Promise<string[]> {
    return [...(await allowedAccesses(cluster, account.token, resources, scope))].toSorted();
  }

  /** What it may do in the project beyond what it may anywhere. */
  async function added(): Promise<string[]> {
    return (await accesses({ namespace: ALLOWED })).filter((access) => !reading.includes(access));
  }

  async function assertElsewhere(): Promise<void> {
    assert.deepEqual(await accesses(), reading);
    for (const namespace of [OTHER, NAME])
      assert.deepEqual(await accesses({ namespace }), reading, namespace);
  }

  function uses(scc: string, namespace: string): Promise<boolean> {
    return may('use', `securitycontextconstraints.security.openshift.io/${scc}`, namespace);
  }

  async function may(verb: string, what: string, namespace: string): Promise<boolean> {
    const who = `--as=system:serviceaccount:${NAME}:${NAME}`;
    const answer = cluster.kubectl(['auth', 'can-i', verb, what, '-n', namespace, who]);
    return (await answer.catch(() => 'no')).trim() === 'yes';
  }
});

/** The status of the answer to a client that wants to execute in a pod over a WebSocket. */
async function upgradeStatus(cluster: Cluster, token: string): Promise<number | undefined> {
  const url = new URL(
    `/api/v1/namespaces/${OTHER}/pods/unscheduled/exec?command=true&stdout=1`,
    cluster.server,
  );
  const headers = {
    authorization: `Bearer ${token}`,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'v5.channel.k8s.io',
  };
  const ca = await readFile(cluster.caFile);
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ca, headers });
    outgoing.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Waits until something is so no longer: the server's authorizer sees a missing binding some milliseconds later. */
async function untilNot(isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + EFFECTIVE_TIMEOUT_MS;
  while (await isSo()) {
    if (Date.now() > deadlineMs) throw new Error('it is still so');
    await sleep(POLL_MS);
  }
}

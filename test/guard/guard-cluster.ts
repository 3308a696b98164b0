import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardSettings } from '../../src/guard/guard-request.ts';
import { guardBindings, guardPolicies, type GuardObject, type Mode } from '../../src/guard/policies.ts';
import { ruleIn } from '../../src/guard/rules.ts';
import { webhookConfiguration, type WebhookOptions } from '../../src/guard/webhook-configuration.ts';
import { requestOk, statusMessage } from '../cluster/api-client.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { IMAGE, IMAGE_BEFORE, ownPod } from './pods.ts';

/** The project of the tenants. */
export const PROJECT = 'shop';
const BACKUP = 'system:serviceaccount:cluster-backup:openshift-backup';
const DEADLINE_MS = 60_000;
const RBAC = 'rbac.authorization.k8s.io';

/** What the guard is told in these tests. */
export const SETTINGS: GuardSettings = {
  images: [IMAGE, IMAGE_BEFORE],
  creators: [BACKUP],
  administrators: ['jane'],
  administratorGroups: ['system:masters'],
};

/** Who asks; `identity` is the tenant `admin` in the name of the BackupEr's ServiceAccount. */
export type Who = 'edit' | 'admin' | 'backup' | 'identity' | 'masters';

/** One request as it is sent. */
export interface Sent {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'GET' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** What the server says. */
export interface Said {
  readonly status: number;
  readonly message: string;
  /** The rule of the guard by which it was refused. */
  readonly rule: string | undefined;
}

/** A cluster of its own with two tenants and the backup. */
export interface GuardCluster {
  readonly cluster: Cluster;
  readonly ask: (who: Who, sent: Sent) => Promise<Said>;
  readonly kubeconfigs: Readonly<Record<'edit' | 'admin' | 'backup', string>>;
  readonly stop: () => Promise<void>;
}

export async function startGuardCluster(): Promise<GuardCluster> {
  const cluster = await startCluster({
    controllers: ['clusterrole-aggregation-controller', 'validatingadmissionpolicy-status-controller'],
  });
  const logins = {
    edit: await cluster.serviceAccount({ namespace: PROJECT, name: 'tenant-edit' }),
    admin: await cluster.serviceAccount({ namespace: PROJECT, name: 'tenant-admin' }),
    backup: await cluster.serviceAccount({ namespace: 'cluster-backup', name: 'openshift-backup' }),
  };
  await cluster.serviceAccount({ namespace: PROJECT, name: 'backuper' });
  await cluster.apply([
    binding('edit', 'edit', PROJECT, 'tenant-edit'),
    binding('admin', 'admin', PROJECT, 'tenant-admin'),
    // What the backup has in a project, and more: that of somebody who has taken it over.
    binding('backup', 'admin', 'cluster-backup', 'openshift-backup'),
    binding('identity', 'admin', PROJECT, 'backuper'),
    // Not part of edit and admin, and given away all the same: "kubectl debug" takes the first.
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name: 'test-more' },
      rules: [
        { apiGroups: [''], resources: ['pods/ephemeralcontainers', 'pods/resize'], verbs: ['patch'] },
        { apiGroups: [''], resources: ['podtemplates'], verbs: ['create', 'delete'] },
      ],
    },
    binding('edit-more', 'test-more', PROJECT, 'tenant-edit'),
    binding('admin-more', 'test-more', PROJECT, 'tenant-admin'),
  ]);
  const agent = new Agent({ keepAlive: true, maxSockets: 16, ca: await readFile(cluster.caFile) });
  const headers: Record<Who, Record<string, string>> = {
    edit: { authorization: `Bearer ${logins.edit.token}` },
    admin: { authorization: `Bearer ${logins.admin.token}` },
    backup: { authorization: `Bearer ${logins.backup.token}` },
    identity: {
      authorization: `Bearer ${logins.admin.token}`,
      'impersonate-user': `system:serviceaccount:${PROJECT}:backuper`,
    },
    masters: {},
  };
  const ask = async (who: Who, sent: Sent): Promise<Said> => {
    if (who !== 'masters') return await send(agent, cluster.server, headers[who], sent);
    const { status, text } = await cluster.api.request(sent.method, sent.path, {
      ...(sent.body !== undefined && { text: JSON.stringify(sent.body) }),
      ...(sent.contentType !== undefined && { contentType: sent.contentType }),
    });
    return said(status, text);
  };
  for (const who of ['edit', 'admin', 'backup', 'identity'] as const)
    await until(`the rights of ${who}`, async () => {
      const pod = { ...ownPod(PROJECT), metadata: { name: 'rights', namespace: PROJECT } };
      const { status } = await ask(who, { method: 'POST', path: `${pods()}?dryRun=All`, body: pod });
      return status === 201;
    });
  return {
    cluster,
    ask,
    kubeconfigs: {
      edit: logins.edit.kubeconfig,
      admin: logins.admin.kubeconfig,
      backup: logins.backup.kubeconfig,
    },
    stop: async () => {
      agent.destroy();
      await cluster.stop();
    },
  };
}

/** The path of the project's pods. */
export function pods(): string {
  return `/api/v1/namespaces/${PROJECT}/pods`;
}

/** Brings the policies into force, and waits until each of them is. */
export async function installPolicies(guard: GuardCluster, mode: Mode = 'deny'): Promise<void> {
  await guard.cluster.apply([...guardPolicies(SETTINGS), ...guardBindings('deny')]);
  await untilInForce(guard, true);
  if (mode === 'deny') return;
  // From one to the other: what refuses nothing shows in nothing else.
  await guard.cluster.apply(guardBindings(mode));
  await untilInForce(guard, false);
}

/** Takes them away, and waits until they are out of force. */
export async function removePolicies(guard: GuardCluster): Promise<void> {
  await remove(guard, [...guardBindings('deny'), ...guardPolicies(SETTINGS)]);
  await untilInForce(guard, false);
}

/** Registers a webhook, and waits until the API server asks it. */
export async function installWebhook(
  guard: GuardCluster,
  port: number,
  caPem: string,
  options: Partial<WebhookOptions> = {},
): Promise<void> {
  const configuration = webhookConfiguration({
    clientConfig: {
      url: `https://127.0.0.1:${port}/validate`,
      caBundle: Buffer.from(caPem).toString('base64'),
    },
    failurePolicy: 'Fail',
    isNarrow: true,
    exceptNamespaces: ['kube-system'],
    ...options,
  });
  await guard.cluster.apply([configuration]);
  await untilInForce(guard, true, options.isNarrow === false ? ['secrets'] : []);
}

/** Takes the webhook's registration away. */
export async function removeWebhook(guard: GuardCluster): Promise<void> {
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/openshift-backup-guard';
  await requestOk(guard.cluster.api, 'DELETE', path);
  await untilInForce(guard, false);
}

/** One request for each area that its policy refuses. */
const MARKERS: Readonly<Record<string, () => Sent>> = {
  pods: () => ({
    method: 'POST',
    path: `${pods()}?dryRun=All`,
    body: { ...ownPod(PROJECT), spec: ownPod(PROJECT, { image: 'x' }).spec },
  }),
  workloads: () => ({
    method: 'POST',
    path: `/apis/apps/v1/namespaces/${PROJECT}/deployments?dryRun=All`,
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'marker' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: {
          metadata: { labels: { a: 'b' } },
          spec: { serviceAccountName: 'backuper', containers: [{ name: 'a', image: 'b' }] },
        },
      },
    },
  }),
  secrets: () => ({
    method: 'POST',
    path: `/api/v1/namespaces/${PROJECT}/secrets?dryRun=All`,
    body: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'marker', annotations: { 'kubernetes.io/service-account.name': 'backuper' } },
      type: 'kubernetes.io/service-account-token',
    },
  }),
  tokens: () => ({
    method: 'POST',
    path: `/api/v1/namespaces/${PROJECT}/serviceaccounts/backuper/token?dryRun=All`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  }),
  connect: () => ({ method: 'POST', path: `${pods()}/backuper-marker/attach` }),
};

async function untilInForce(
  guard: GuardCluster,
  isInForce: boolean,
  except: readonly string[] = [],
): Promise<void> {
  for (const [area, marker] of Object.entries(MARKERS)) {
    if (except.includes(area)) continue;
    await until(`${area} ${isInForce ? 'in' : 'out of'} force`, async () => {
      const { rule } = await guard.ask('edit', marker());
      return (rule !== undefined) === isInForce;
    });
  }
}

async function remove({ cluster }: GuardCluster, objects: readonly GuardObject[]): Promise<void> {
  for (const { kind, metadata } of objects) {
    const plural = kind.endsWith('Binding')
      ? 'validatingadmissionpolicybindings'
      : 'validatingadmissionpolicies';
    await requestOk(
      cluster.api,
      'DELETE',
      `/apis/admissionregistration.k8s.io/v1/${plural}/${metadata.name}`,
    );
  }
}

/** Asks again and again until it is so. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + DEADLINE_MS;
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error(`not within a minute: ${what}`);
    await sleep(50);
  }
}

function binding(
  name: string,
  role: string,
  namespace: string,
  account: string,
): Parameters<Cluster['apply']>[0][number] {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name: `test-${name}`, namespace: PROJECT },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', namespace, name: account }],
  };
}

function send(agent: Agent, server: string, headers: Record<string, string>, sent: Sent): Promise<Said> {
  const { method, path, body, contentType = 'application/json' } = sent;
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, server), {
      agent,
      method,
      headers: { ...headers, ...(text !== undefined && { 'content-type': contentType }) },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(said(response.statusCode ?? 0, Buffer.concat(chunks).toString())));
    });
    outgoing.end(text);
  });
}

function said(status: number, text: string): Said {
  const message = status < 300 ? '' : statusMessage(text);
  return { status, message, rule: ruleIn(message) };
}

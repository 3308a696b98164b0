import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiClient, requestOk } from './api-client.ts';
import { sendObjects } from './apply.ts';
import { kubeconfig } from './cluster-files.ts';
import type { ClusterDescription } from './control-plane.ts';
import type { KubernetesObject } from './objects.ts';

const RBAC = 'rbac.authorization.k8s.io';
const EFFECTIVE_TIMEOUT_MS = 30_000;
const POLL_MS = 10;

/** A rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

/** To get and list every object of every type. */
export const READ_EVERYTHING: readonly Rule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] },
];

/** A ServiceAccount and what it may do. */
export interface ServiceAccountRequest {
  readonly namespace: string;
  readonly name: string;
  /** Rules that hold in the whole cluster. */
  readonly clusterRules?: readonly Rule[];
  /** Rules that hold in one namespace each, by its name. Namespaces that are missing are made. */
  readonly namespaceRules?: Readonly<Record<string, readonly Rule[]>>;
  /** How long the token lives; at least 600, which is the server's limit. Default 3600. */
  readonly expirationSeconds?: number;
}

/** How to log in as a ServiceAccount. */
export interface ServiceAccountLogin {
  /** Path of a kubeconfig with the token; its context's namespace is the ServiceAccount's. */
  readonly kubeconfig: string;
  readonly token: string;
}

/** Makes a ServiceAccount with its rights and a token, and waits until the server grants the rights. */
export async function createServiceAccount(
  client: ApiClient,
  description: ClusterDescription,
  request: ServiceAccountRequest,
): Promise<ServiceAccountLogin> {
  // As a field manager of its own, so that what others have set on these objects stays.
  await sendObjects(client, objectsFor(request), 'apply', 'test-accounts');
  const token = await requestToken(client, request);
  await Promise.all(granted(request).map((access) => effective(client, request, access)));
  const { namespace, name } = request;
  const ca = await readFile(description.files.ca, 'utf8');
  // Tests that run side by side may ask for the same ServiceAccount: each gets a file of its own.
  const file = `${namespace}.${name}.${randomBytes(4).toString('hex')}.kubeconfig`;
  const target = path.join(description.files.kubeconfigs, file);
  await writeFile(target, kubeconfig(description.server, ca, { token }, namespace), { mode: 0o600 });
  return { kubeconfig: target, token };
}

function objectsFor(request: ServiceAccountRequest): KubernetesObject[] {
  const { namespace, name, clusterRules, namespaceRules = {} } = request;
  const subjects = [{ kind: 'ServiceAccount', namespace, name }];
  const qualified = `${namespace}:${name}`;
  const objects: KubernetesObject[] = [...new Set([namespace, ...Object.keys(namespaceRules)])].map(
    (project) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: project } }),
  );
  objects.push({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } });
  if (clusterRules) {
    const roleRef = { apiGroup: RBAC, kind: 'ClusterRole', name: qualified };
    objects.push(
      { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: { name: qualified }, rules: clusterRules },
      {
        apiVersion: `${RBAC}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name: qualified },
        roleRef,
        subjects,
      },
    );
  }
  for (const [project, rules] of Object.entries(namespaceRules)) {
    const metadata = { namespace: project, name: qualified };
    const roleRef = { apiGroup: RBAC, kind: 'Role', name: qualified };
    objects.push(
      { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules },
      { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects },
    );
  }
  return objects;
}

async function requestToken(client: ApiClient, request: ServiceAccountRequest): Promise<string> {
  const { namespace, name, expirationSeconds = 3600 } = request;
  const target = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds },
  };
  const answer = await requestOk(client, 'POST', target, { text: JSON.stringify(body) });
  return (JSON.parse(answer) as { status: { token: string } }).status.token;
}

/** One thing that each set of rules allows, to ask the server for. */
function granted({ clusterRules, namespaceRules = {} }: ServiceAccountRequest): object[] {
  const accesses = Object.entries(namespaceRules).map(([namespace, rules]) => accessOf(rules, namespace));
  if (clusterRules) accesses.push(accessOf(clusterRules));
  return accesses.filter((access) => access !== undefined);
}

function accessOf([rule]: readonly Rule[], namespace?: string): object | undefined {
  if (!rule) return undefined;
  const [verb] = rule.verbs;
  if (rule.nonResourceURLs) return { nonResourceAttributes: { path: rule.nonResourceURLs[0], verb } };
  const [resource = '', subresource] = rule.resources?.[0]?.split('/') ?? [];
  const name = rule.resourceNames?.[0];
  return { resourceAttributes: { group: rule.apiGroups?.[0], resource, subresource, verb, namespace, name } };
}

/** The server's authorizer sees a new binding some milliseconds later: this waits until it does. */
async function effective(
  client: ApiClient,
  { namespace, name }: ServiceAccountRequest,
  access: object,
): Promise<void> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${namespace}:${name}`,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      ...access,
    },
  };
  const target = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const deadlineMs = Date.now() + EFFECTIVE_TIMEOUT_MS;
  for (;;) {
    const answer = await requestOk(client, 'POST', target, { text: JSON.stringify(body) });
    if ((JSON.parse(answer) as { status: { allowed: boolean } }).status.allowed) return;
    if (Date.now() > deadlineMs) throw new Error(`the rights of ${namespace}/${name} are not granted`);
    await sleep(POLL_MS);
  }
}

import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';
import { CONNECTIONS_MAX } from '../cluster/api-client.ts';
import { eachOfMany } from '../cluster/apply.ts';

const EFFECTIVE_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

/** The verbs that mean something to every resource. */
export const VERBS =
  'get list watch create update patch delete deletecollection proxy impersonate bind escalate use *'.split(
    ' ',
  );

/** What subresources answer to even where discovery does not name them. */
const HIDDEN =
  'nodes/proxy nodes/log nodes/metrics nodes/stats nodes/spec pods/exec pods/attach pods/portforward pods/proxy services/proxy serviceaccounts/token users groups'.split(
    ' ',
  );

/** What an access review is asked about: `pods/exec`, and `routes.route.openshift.io` with a group. */
export interface Resource {
  readonly group: string;
  readonly plural: string;
  readonly subresource: string;
}

/** Where to ask, by default in the whole cluster, and for which verbs, by default for all. */
export interface SweepScope {
  readonly namespace?: string;
  readonly verbs?: readonly string[];
}

/** `get pods/exec`, `list routes.route.openshift.io`. */
export function accessName(verb: string, { group, plural, subresource }: Resource): string {
  return `${verb} ${plural}${subresource === '' ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
}

/** Every resource and subresource that the server has. */
export async function everyResource(cluster: Cluster): Promise<Resource[]> {
  const all = HIDDEN.map((name) => resourceOf('', name));
  for (const groupVersion of (await cluster.kubectl(['api-versions'])).trim().split('\n')) {
    const isCore = !groupVersion.includes('/');
    const { text } = await cluster.api.request('GET', `/${isCore ? 'api' : 'apis'}/${groupVersion}`);
    const list = JSON.parse(text) as { resources?: { name: string }[] };
    const group = isCore ? '' : (groupVersion.split('/', 1)[0] ?? '');
    all.push(...(list.resources ?? []).map(({ name }) => resourceOf(group, name)));
  }
  return [...new Map(all.map((resource) => [accessName('', resource), resource])).values()];
}

function resourceOf(group: string, name: string): Resource {
  const [plural = '', subresource = ''] = name.split('/');
  return { group, plural, subresource };
}

/**
 * Asks the server, as the bearer of a token, for every verb on every resource.
 *
 * @returns the names of what is allowed
 */
export async function allowedAccesses(
  cluster: Cluster,
  token: string,
  resources: readonly Resource[],
  { namespace, verbs = VERBS }: SweepScope = {},
): Promise<Set<string>> {
  const ca = await readFile(cluster.caFile);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX, ca });
  const allowed = new Set<string>();
  const questions = resources.flatMap((resource) => verbs.map((verb) => ({ verb, resource })));
  try {
    await eachOfMany(questions, async ({ verb, resource: { group, plural, subresource } }) => {
      const attributes = {
        verb,
        group,
        resource: plural,
        subresource,
        ...(namespace !== undefined && { namespace }),
      };
      const isAllowed = await review(agent, cluster.server, token, attributes);
      if (isAllowed) allowed.add(accessName(verb, { group, plural, subresource }));
    });
  } finally {
    agent.destroy();
  }
  return allowed;
}

/** Waits until the server's authorizer, which sees a new binding some milliseconds later, allows this. */
export async function untilAllowed(
  cluster: Cluster,
  token: string,
  resourceAttributes: {
    readonly verb: string;
    readonly resource: string;
    readonly group?: string;
    readonly namespace?: string;
  },
): Promise<void> {
  const agent = new Agent({ keepAlive: true, ca: await readFile(cluster.caFile) });
  const deadlineMs = Date.now() + EFFECTIVE_TIMEOUT_MS;
  try {
    while (!(await review(agent, cluster.server, token, resourceAttributes))) {
      if (Date.now() > deadlineMs) throw new Error(`not allowed: ${JSON.stringify(resourceAttributes)}`);
      await sleep(POLL_MS);
    }
  } finally {
    agent.destroy();
  }
}

function review(agent: Agent, server: string, token: string, resourceAttributes: object): Promise<boolean> {
  const body = JSON.stringify({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  });
  const url = new URL('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', server);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const answer = JSON.parse(Buffer.concat(chunks).toString()) as { status?: { allowed?: boolean } };
        if (answer.status?.allowed === undefined) reject(new Error(`no answer to ${body}`));
        else resolve(answer.status.allowed);
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

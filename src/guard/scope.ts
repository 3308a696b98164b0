import { isSame, textAt, valueAt } from './fields.ts';
import type { GuardRequest } from './guard-request.ts';
import { IDENTITY, IDENTITY_USER, PREFIX, SCC_ANNOTATIONS } from './names.ts';
import { type Area, celList, celText } from './rule.ts';

/** Which requests of an area the rules are asked about; every other one is none of the guard's business. */
export interface Scope {
  readonly area: Area;
  /** As in `matchConstraints` and in a webhook's `rules`. */
  readonly resources: readonly {
    readonly apiGroups: readonly string[];
    readonly apiVersions: readonly string[];
    readonly operations: readonly string[];
    readonly resources: readonly string[];
  }[];
  readonly concerns: (request: GuardRequest) => boolean;
  /**
   * The same for the API server. It stands in `matchConditions`, where an error refuses somebody else's request, so
   * every field is asked for before it is read, in words that Kubernetes 1.28 knows.
   */
  readonly cel: string;
}

const IDENTITY_PATTERN = new RegExp(IDENTITY_USER, 'u');
const PODS = ['pods', 'pods/ephemeralcontainers', 'pods/resize'];
const CONNECTIONS = ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy'];
/** Where a workload has the pod that it makes. */
const TEMPLATES = [['spec', 'template'], ['template'], ['spec', 'jobTemplate', 'spec', 'template']] as const;
const TOKEN_SECRET = 'kubernetes.io/service-account-token';
const TOKEN_OWNER = 'kubernetes.io/service-account.name';

/** The areas, and what belongs to each. */
export const SCOPES: readonly Scope[] = [
  {
    area: 'pods',
    resources: [core(['CREATE', 'UPDATE'], PODS)],
    concerns: ({ username, operation, object, oldObject }) => {
      const isOurs = isIdentity(username) || isBackuperPod(object) || isBackuperPod(oldObject);
      return isOurs && (operation !== 'UPDATE' || !isUnchanged(object, oldObject));
    },
    cel: `(${celIdentity()} || ${celBackuperPod('object')} || (oldObject != null && (${celBackuperPod('oldObject')}))) && (request.operation != "UPDATE" || oldObject == null || !(${celUnchanged()}))`,
  },
  {
    area: 'connect',
    resources: [core(['CONNECT'], CONNECTIONS)],
    concerns: ({ name }) => name.startsWith(PREFIX),
    cel: `has(request.name) && request.name.startsWith(${celText(PREFIX)})`,
  },
  {
    area: 'tokens',
    resources: [core(['CREATE'], ['serviceaccounts/token'])],
    concerns: ({ name }) => name === IDENTITY,
    cel: `has(request.name) && request.name == ${celText(IDENTITY)}`,
  },
  {
    area: 'secrets',
    resources: [core(['CREATE', 'UPDATE'], ['secrets'])],
    concerns: ({ object, oldObject }) => isTokenSecret(object) && !isTokenSecret(oldObject),
    cel: `(${celTokenSecret('object')}) && (oldObject == null || !(${celTokenSecret('oldObject')}))`,
  },
  {
    area: 'workloads',
    resources: [
      core(['CREATE', 'UPDATE'], ['replicationcontrollers', 'podtemplates']),
      {
        apiGroups: ['apps', 'apps.openshift.io'],
        apiVersions: ['v1'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets', 'deploymentconfigs'],
      },
      {
        apiGroups: ['batch'],
        apiVersions: ['v1'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['jobs', 'cronjobs'],
      },
    ],
    concerns: ({ resource, object, oldObject }) =>
      isBackuperWorkload(resource, object) && !isBackuperWorkload(resource, oldObject),
    cel: `(${celBackuperWorkload('object')}) && (oldObject == null || !(${celBackuperWorkload('oldObject')}))`,
  },
];

/** The area that a request belongs to, if the guard has something to say about it. */
export function scopeOf(request: GuardRequest): Scope | undefined {
  const { group, resource, subresource, operation } = request;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = SCOPES.find(({ resources }) =>
    resources.some(
      (one) =>
        one.apiGroups.includes(group) && one.operations.includes(operation) && one.resources.includes(full),
    ),
  );
  return scope?.concerns(request) === true ? scope : undefined;
}

function core(operations: readonly string[], resources: readonly string[]): Scope['resources'][number] {
  return { apiGroups: [''], apiVersions: ['v1'], operations, resources };
}

/** Whether the BackupEr's own ServiceAccount is asking, or somebody in its name. */
export function isIdentity(username: string): boolean {
  return IDENTITY_PATTERN.test(username);
}

/** The same in CEL. */
export function celIdentity(): string {
  return `request.userInfo.username.matches(${celText(IDENTITY_USER)})`;
}

function isBackuperPod(pod: unknown): boolean {
  return (
    textAt(pod, 'spec', 'serviceAccountName') === IDENTITY ||
    textAt(pod, 'metadata', 'name').startsWith(PREFIX) ||
    textAt(pod, 'metadata', 'generateName').startsWith(PREFIX) ||
    SCC_ANNOTATIONS.some((key) => textAt(pod, 'metadata', 'annotations', key).startsWith(PREFIX))
  );
}

function celBackuperPod(pod: string): string {
  return [
    `(has(${pod}.spec.serviceAccountName) && ${pod}.spec.serviceAccountName == ${celText(IDENTITY)})`,
    `(has(${pod}.metadata.name) && ${pod}.metadata.name.startsWith(${celText(PREFIX)}))`,
    `(has(${pod}.metadata.generateName) && ${pod}.metadata.generateName.startsWith(${celText(PREFIX)}))`,
    celSccOf(`${pod}.metadata`),
  ].join(' || ');
}

function celSccOf(metadata: string): string {
  const annotations = `${metadata}.annotations`;
  return `(has(${annotations}) && ${celList(SCC_ANNOTATIONS)}.exists(k, k in ${annotations} && ${annotations}[k].startsWith(${celText(PREFIX)})))`;
}

/** Labels, finalizers and owners may change: collectors and kubelets do that. */
function isUnchanged(pod: unknown, old: unknown): boolean {
  return (
    isSame(valueAt(pod, 'spec'), valueAt(old, 'spec')) &&
    SCC_ANNOTATIONS.every((key) => annotation(pod, key) === annotation(old, key))
  );
}

function annotation(object: unknown, key: string): string {
  return textAt(object, 'metadata', 'annotations', key);
}

function celUnchanged(): string {
  const same = `${celAnnotation('object')} == ${celAnnotation('oldObject')}`;
  return `object.spec == oldObject.spec && ${celList(SCC_ANNOTATIONS)}.all(k, ${same})`;
}

/** The annotation whose key is the variable k. */
function celAnnotation(object: string): string {
  const annotations = `${object}.metadata.annotations`;
  return `(has(${annotations}) && k in ${annotations} ? ${annotations}[k] : "")`;
}

function isTokenSecret(secret: unknown): boolean {
  return textAt(secret, 'type') === TOKEN_SECRET && annotation(secret, TOKEN_OWNER) === IDENTITY;
}

function celTokenSecret(secret: string): string {
  const annotations = `${secret}.metadata.annotations`;
  return `has(${secret}.type) && ${secret}.type == ${celText(TOKEN_SECRET)} && has(${annotations}) && ${celText(TOKEN_OWNER)} in ${annotations} && ${annotations}[${celText(TOKEN_OWNER)}] == ${celText(IDENTITY)}`;
}

/** Its pods would be called `backuper-…`, or be of the identity. */
function isBackuperWorkload(resource: string, workload: unknown): boolean {
  const name = textAt(workload, 'metadata', 'name');
  const makesPods = resource !== 'podtemplates';
  return (
    (makesPods && (name === IDENTITY || name.startsWith(PREFIX))) ||
    TEMPLATES.some((path) => {
      const template = valueAt(workload, ...path);
      return (
        textAt(template, 'spec', 'serviceAccountName') === IDENTITY ||
        SCC_ANNOTATIONS.some((key) => annotation(template, key).startsWith(PREFIX))
      );
    })
  );
}

function celBackuperWorkload(workload: string): string {
  const name = `${workload}.metadata.name`;
  const templates = TEMPLATES.map((path) => celTemplate(workload, path)).join(' || ');
  return `(request.resource.resource != "podtemplates" && has(${name}) && (${name} == ${celText(IDENTITY)} || ${name}.startsWith(${celText(PREFIX)}))) || ${templates}`;
}

/** `has()` looks at the last step only, so each step is asked for. */
function celTemplate(workload: string, path: readonly string[]): string {
  const steps = path.map((_, index) => `has(${[workload, ...path.slice(0, index + 1)].join('.')})`);
  const template = [workload, ...path].join('.');
  const identity = `(has(${template}.spec) && has(${template}.spec.serviceAccountName) && ${template}.spec.serviceAccountName == ${celText(IDENTITY)})`;
  const scc = `(has(${template}.metadata) && ${celSccOf(`${template}.metadata`)})`;
  return `(${steps.join(' && ')} && (${identity} || ${scc}))`;
}

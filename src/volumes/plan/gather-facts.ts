import type { ApiClient } from '../../kubernetes/api-client.ts';
import { type ClusterObjects, isStatus, type ObjectRef } from '../../kubernetes/objects.ts';
import { mayDo } from '../../kubernetes/may-list.ts';
import { KnownError } from '../../model/known-error.ts';
import type { ClusterObject, CopyFacts, CopyRequest } from '../copy.ts';
import { textAt } from '../fields.ts';
import { controllerOf, usersOf } from './pod-claims.ts';

const SCC_GROUP = 'security.openshift.io';
/** The SCC that lets the pods of the highest tier in. */
const ROOT_SCC = {
  group: SCC_GROUP,
  version: 'v1',
  plural: 'securitycontextconstraints',
  name: 'backuper-root',
};
const PODS = { group: '', version: 'v1', plural: 'pods' };
/** What can own a pod, or its owner, and how each is asked for. */
const OWNERS: Readonly<Record<string, string>> = {
  'apps/v1 ReplicaSet': 'replicasets',
  'apps/v1 Deployment': 'deployments',
  'apps/v1 StatefulSet': 'statefulsets',
  'apps/v1 DaemonSet': 'daemonsets',
  'v1 ReplicationController': 'replicationcontrollers',
  'apps.openshift.io/v1 DeploymentConfig': 'deploymentconfigs',
  'batch/v1 Job': 'jobs',
  'batch/v1 CronJob': 'cronjobs',
};
/** Pod, ReplicaSet, Deployment, and whatever an operator has put above. */
const LEVELS_MAX = 4;

/**
 * Reads everything that a plan depends on. What the caller may not read is undefined, or missing from a list that
 * says so; whoever has rights in the project alone still gets a plan.
 *
 * @throws KnownError `refused` when the project is opted in and its claims or pods may not be read: nobody could
 *   tell who uses a volume; ApiError, TransportError for everything that is no answer
 */
export async function gatherFacts(
  objects: ClusterObjects,
  client: ApiClient,
  request: CopyRequest,
): Promise<CopyFacts> {
  const { namespace } = request;
  const isOptedIn = await mayCreatePods(client, namespace);
  const get = (ref: ObjectRef): Promise<ClusterObject | undefined> => unlessForbidden(() => objects.get(ref));
  // Of what belongs to no project, the backup may have the right to list alone.
  const listed = async ({ name = '', ...ref }: ObjectRef): Promise<ClusterObject | undefined> =>
    (await unlessForbidden(() => objects.list(ref, { fieldSelector: `metadata.name=${name}` })))?.[0];
  const list = (ref: ObjectRef): Promise<readonly ClusterObject[] | undefined> =>
    unlessForbidden(() => objects.list(ref));
  const claim = (name: string): Promise<ClusterObject | undefined> =>
    needed(isOptedIn, namespace, 'claims', () =>
      objects.get({ apiVersion: 'v1', plural: 'persistentvolumeclaims', namespace, name }),
    );
  const [project, source, target, pods, nodes, attachments, isOpenShift] = await Promise.all([
    projectNamed(objects, namespace),
    claim(request.source),
    claim(request.target),
    needed(isOptedIn, namespace, 'pods', () => objects.list({ apiVersion: 'v1', plural: 'pods', namespace })),
    list({ apiVersion: 'v1', plural: 'nodes' }),
    list({ apiVersion: 'storage.k8s.io/v1', plural: 'volumeattachments' }),
    hasGroup(client, SCC_GROUP),
  ]);
  const volumeOf = async (found: ClusterObject | undefined): Promise<ClusterObject | undefined> => {
    const name = textAt(found?.spec, 'volumeName');
    return name === '' ? undefined : await listed({ apiVersion: 'v1', plural: 'persistentvolumes', name });
  };
  const mayUseRoot = isOpenShift ? await mayDo(client, ROOT_SCC, 'use', namespace) : 'allowed';
  const className = textAt(target?.spec, 'storageClassName');
  const [sourceVolume, targetVolume, targetClass, owners] = await Promise.all([
    volumeOf(source),
    volumeOf(target),
    className === ''
      ? undefined
      : listed({ apiVersion: 'storage.k8s.io/v1', plural: 'storageclasses', name: className }),
    ownersOf(usersOf(pods ?? [], request.source), namespace, get),
  ]);
  return {
    namespace: project,
    source,
    target,
    sourceVolume,
    targetVolume,
    targetClass,
    pods: pods ?? [],
    nodes,
    attachments,
    owners,
    isOptedIn,
    isOpenShift,
    // Where nobody knows, the server will tell.
    mayRunAsRoot: mayUseRoot !== 'denied',
  };
}

async function mayCreatePods(client: ApiClient, namespace: string): Promise<boolean> {
  const answer = await mayDo(client, PODS, 'create', namespace);
  if (typeof answer === 'string') return answer === 'allowed';
  throw new KnownError(
    'failed',
    `Whether pods may be made in the project ${namespace} could not be found out: ${answer.unknown}`,
  );
}

/** A project that may not be read is there all the same, if nothing else says otherwise; its labels are unknown. */
async function projectNamed(objects: ClusterObjects, name: string): Promise<ClusterObject | undefined> {
  try {
    return await objects.get({ apiVersion: 'v1', plural: 'namespaces', name });
  } catch (error) {
    if (isStatus(error, 403)) return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    throw error;
  }
}

async function unlessForbidden<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isStatus(error, 403)) return undefined;
    throw error;
  }
}

/** Without these no plan can be made, but where nothing is allowed the plan says so better. */
async function needed<T>(
  isOptedIn: boolean,
  namespace: string,
  what: string,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isStatus(error, 403)) throw error;
    if (!isOptedIn) return undefined;
    throw new KnownError(
      'refused',
      `The ${what} of the project ${namespace} may not be read: an administrator allows it with make volumes-allow PROJECT=${namespace}`,
      { cause: error },
    );
  }
}

/** What makes pods anew, up to whoever is at the top; none that may not be read, or is of a kind nobody knows. */
async function ownersOf(
  pods: readonly ClusterObject[],
  namespace: string,
  get: (ref: ObjectRef) => Promise<ClusterObject | undefined>,
): Promise<readonly ClusterObject[]> {
  const owners = new Map<string, ClusterObject>();
  let level: readonly ClusterObject[] = pods;
  for (let depth = 0; depth < LEVELS_MAX && level.length > 0; depth++) {
    const refs = level.flatMap((object) => controllerOf(object) ?? []);
    const unread = [...new Map(refs.map((ref) => [ref.uid, ref])).values()].filter(
      ({ uid }) => !owners.has(uid),
    );
    const found = await Promise.all(
      unread.map(async ({ apiVersion, kind, name, uid }) => {
        const plural = OWNERS[`${apiVersion} ${kind}`];
        const owner = plural === undefined ? undefined : await get({ apiVersion, plural, namespace, name });
        return owner?.metadata.uid === uid ? [owner] : [];
      }),
    );
    level = found.flat();
    for (const owner of level) owners.set(owner.metadata.uid ?? '', owner);
  }
  return [...owners.values()];
}

async function hasGroup(client: ApiClient, group: string): Promise<boolean> {
  try {
    await client.json(`/apis/${group}`);
    return true;
  } catch (error) {
    if (isStatus(error, 404) || isStatus(error, 403)) return false;
    throw error;
  }
}

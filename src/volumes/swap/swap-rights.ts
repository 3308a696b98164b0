import type { ApiClient } from '../../kubernetes/api-client.ts';
import { mayDo } from '../../kubernetes/may-list.ts';
import { KnownError } from '../../model/known-error.ts';
import type { Workload } from '../quiesce/plan-scale.ts';

type Verb = Parameters<typeof mayDo>[2];

interface Right {
  readonly group: string;
  readonly plural: string;
  readonly subresource?: string;
  readonly verbs: readonly Verb[];
  /** Volumes belong to no project. */
  readonly isOfCluster?: boolean;
}

/** What a swap changes, workloads apart. */
const RIGHTS: readonly Right[] = [
  { group: '', plural: 'persistentvolumes', verbs: ['get', 'patch'], isOfCluster: true },
  { group: '', plural: 'persistentvolumeclaims', verbs: ['create', 'delete'] },
  { group: '', plural: 'configmaps', verbs: ['create', 'update'] },
  { group: 'coordination.k8s.io', plural: 'leases', verbs: ['create', 'update', 'delete'] },
];

/**
 * Makes sure that the caller may do all that a swap or its rollback takes: it would stop half-way otherwise, with the
 * application standing still. A question that can't be answered is no obstacle.
 *
 * @throws KnownError `refused` that names what is missing
 */
export async function assertSwapRights(
  client: ApiClient,
  namespace: string,
  workloads: readonly Pick<Workload, 'resource'>[],
): Promise<void> {
  const resources = [...new Set(workloads.map(({ resource }) => resource))];
  const scaling = resources.map((plural): Right => ({
    group: 'apps',
    plural,
    subresource: 'scale',
    verbs: ['patch'],
  }));
  const asked = [...RIGHTS, ...scaling].flatMap((right) => right.verbs.map((verb) => ({ ...right, verb })));
  const answers = await Promise.all(
    asked.map(async ({ verb, isOfCluster, ...type }) => {
      const place = isOfCluster === true ? undefined : namespace;
      return await mayDo(client, { ...type, version: '*' }, verb, place);
    }),
  );
  const missing = asked.filter((_, index) => answers[index] === 'denied');
  if (missing.length === 0) return;
  const names = missing.map(({ verb, plural, subresource }) =>
    [verb, subresource === undefined ? plural : `${plural}/${subresource}`].join(' '),
  );
  throw new KnownError(
    'refused',
    `Swapping in ${namespace} takes rights that you don't have: ${names.join(', ')}. Nothing has been changed; let an administrator do it`,
  );
}

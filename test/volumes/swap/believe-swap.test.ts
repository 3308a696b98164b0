import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { connect, type Connection } from '../../../src/kubernetes/connect.ts';
import { ClusterObjects } from '../../../src/kubernetes/objects.ts';
import type { ClusterObject } from '../../../src/volumes/copy.ts';
import {
  rollBackSwap,
  type SwapContext,
  swapVolumes,
  USUAL_SWAP_TIMES,
} from '../../../src/volumes/swap/swap.ts';
import { type SwapRecord, SwapStore } from '../../../src/volumes/swap/swap-record.ts';
import { sharedCluster } from '../../cluster/cluster.ts';
import { claimOn } from './shop.ts';

const PROJECT = 'believe-swap';
const PAIR = { namespace: PROJECT, claim: 'data', copy: 'data-backup' };

/** What somebody who may write ConfigMaps would like an administrator to do for him. */
const FORGERIES: readonly (readonly [
  title: string,
  changes: (kept: SwapRecord['kept']) => object,
  RegExp,
])[] = [
  [
    'the volume of another project',
    (kept) => ({ copyVolume: { ...kept.copyVolume, ...volumeAs('believe-foreign') } }),
    /volume believe-foreign is that of the claim elsewhere\/secrets/u,
  ],
  [
    'the volume of another claim',
    (kept) => ({ claimVolume: { ...kept.claimVolume, ...volumeAs('believe-third') } }),
    /volume believe-third is that of the claim believe-swap\/third/u,
  ],
  [
    'another claim to be deleted',
    (kept) => ({ copy: { ...kept.copy, metadata: { ...kept.copy.metadata, name: 'third' } } }),
    /not about the claims data and data-backup alone/u,
  ],
  [
    'a claim for another project',
    (kept) => ({ claim: { ...kept.claim, metadata: { ...kept.claim.metadata, namespace: 'elsewhere' } } }),
    /not about the claims/u,
  ],
];
const uids = new Map<string, string>();

describe('the record of a swap', () => {
  let connection: Connection;
  let objects: ClusterObjects;

  before(async () => {
    const cluster = await sharedCluster();
    connection = await connect({ kubeconfig: cluster.adminKubeconfig, context: '' });
    objects = new ClusterObjects(new ApiClient(connection, 'test', new AbortController().signal));
    await cluster.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: PROJECT } },
      volume('believe-old', PROJECT, PAIR.claim),
      volume('believe-new', PROJECT, PAIR.copy),
      volume('believe-third', PROJECT, 'third'),
      volume('believe-foreign', 'elsewhere', 'secrets'),
      claimOn(PAIR, PAIR.claim, { volume: 'believe-old' }),
      claimOn(PAIR, PAIR.copy, { volume: 'believe-new' }),
    ]);
    for (const { metadata } of await objects.list({ apiVersion: 'v1', plural: 'persistentvolumes' }))
      uids.set(metadata.name, metadata.uid ?? '');
  });
  after(() => connection.close());

  async function read(plural: string, name: string, namespace?: string): Promise<ClusterObject> {
    const found = await objects.get({ apiVersion: 'v1', plural, name, ...(namespace && { namespace }) });
    assert.ok(found);
    return found;
  }

  function context(): SwapContext {
    return {
      objects,
      signal: new AbortController().signal,
      report: () => undefined,
      pollMs: 25,
      times: USUAL_SWAP_TIMES,
      now: () => new Date(),
      holder: 'test',
    };
  }

  for (const [index, [title, changes, message]] of FORGERIES.entries()) {
    test(`is not believed when it asks for ${title}`, async () => {
      const kept = {
        claim: await read('persistentvolumeclaims', PAIR.claim, PROJECT),
        copy: await read('persistentvolumeclaims', PAIR.copy, PROJECT),
        claimVolume: await read('persistentvolumes', 'believe-old'),
        copyVolume: await read('persistentvolumes', 'believe-new'),
      };
      const store = new SwapStore(objects, PROJECT);
      const id = `20260101t00000${index}-aaaaa`;
      await store.create({
        format: 1,
        id,
        ...PAIR,
        direction: 'forward',
        state: 'running',
        step: 'reserve',
        startedAt: '2026-01-01T00:00:00.000Z',
        updatedAt: '2026-01-01T00:00:00.000Z',
        message: '',
        workloads: [],
        kept: { ...kept, ...changes(kept) },
      });
      const earlier = await everything();
      const refusal = { name: 'KnownError', kind: 'refused', message };
      await assert.rejects(
        swapVolumes(context(), { ...PAIR, isForced: true }, { rollsBackAlone: true }),
        refusal,
      );
      await assert.rejects(rollBackSwap(context(), PAIR), refusal);
      assert.deepEqual(await everything(), earlier, 'nothing was changed');
      const ref = { apiVersion: 'v1', plural: 'configmaps', namespace: PROJECT, name: `backuper-swap-${id}` };
      await objects.remove(ref);
    });
  }

  async function everything(): Promise<readonly (string | undefined)[]> {
    const lists = await Promise.all([
      objects.list({ apiVersion: 'v1', plural: 'persistentvolumes' }),
      objects.list({ apiVersion: 'v1', plural: 'persistentvolumeclaims', namespace: PROJECT }),
      objects.list({ apiVersion: 'v1', plural: 'configmaps', namespace: PROJECT }),
    ]);
    return lists
      .flat()
      .filter(({ metadata }) => /^(?:believe-|backuper-|data)/u.test(metadata.name))
      .map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`)
      .toSorted();
  }
});

function volumeAs(name: string): object {
  return { metadata: { name, uid: uids.get(name) } };
}

function volume(name: string, namespace: string, claim: string) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '1Mi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'by-hand',
      hostPath: { path: '/nonexistent' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim },
    },
  };
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { classifyPending } from '../../../src/volumes/run/classify-pending.ts';
import type { ClusterObject, CopyFacts, CopyRequest } from '../../../src/volumes/copy.ts';
import { interpretReport } from '../../../src/volumes/run/interpret-report.ts';
import { planCopy } from '../../../src/volumes/plan/plan-copy.ts';
import { claim, FACTS, node, pod, REQUEST, volume, waitingClass, ZONE } from './made-objects.ts';

/** Any JSON, and keys that the plan reads with anything behind them. */
const KEYS = [
  'metadata',
  'name',
  'namespace',
  'uid',
  'labels',
  'annotations',
  'deletionTimestamp',
  'ownerReferences',
  'spec',
  'status',
  'phase',
  'volumes',
  'containers',
  'initContainers',
  'volumeMounts',
  'persistentVolumeClaim',
  'claimName',
  'ephemeral',
  'nodeName',
  'tolerations',
  'accessModes',
  'capacity',
  'storage',
  'volumeName',
  'volumeMode',
  'nodeAffinity',
  'required',
  'nodeSelectorTerms',
  'matchExpressions',
  'key',
  'operator',
  'values',
  'csi',
  'driver',
  'nfs',
  'server',
  'conditions',
  'taints',
  'kind',
  'template',
  'replicas',
  '__proto__',
  'openshift-backup.io/pre-hook',
  'containerStatuses',
  'state',
  'waiting',
];
const TEXTS = [
  'data',
  'data-backup',
  'Bound',
  'Pending',
  'ReadWriteOnce',
  'In',
  'Running',
  'Deployment',
  'StatefulSet',
  '',
  '{',
  '10Gi',
];
const { tree: junk } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, undefined, true, 0, -1, Number.NaN, ...TEXTS),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('tree'), { maxKeys: 6 }),
  ),
}));

/** An object as it should be, in which something is replaced by anything. */
function damaged(object: ClusterObject): fc.Arbitrary<ClusterObject> {
  const paths = pathsOf(object, []);
  return fc
    .tuple(fc.array(fc.tuple(fc.constantFrom(...paths), junk), { maxLength: 3 }))
    .map(([changes]) =>
      changes.reduce((one, [path, value]) => replaced(one, path, value) as ClusterObject, object),
    );
}

function pathsOf(value: unknown, path: readonly string[]): (readonly string[])[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [path, ...inner.flatMap(([key, one]) => pathsOf(one, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((one, index) => (String(index) === key ? replaced(one, rest, by) : one));
  if (typeof value !== 'object' || value === null) return value;
  return { ...value, [key]: replaced((value as Record<string, unknown>)[key], rest, by) };
}

const ANNOTATIONS = { 'openshift-backup.io/pre-hook': '["true"]' };
const SET = { kind: 'StatefulSet', name: 'db' };
const OWNER: ClusterObject = {
  kind: 'StatefulSet',
  metadata: { name: 'db', uid: 'uid-of-db' },
  spec: {
    replicas: 1,
    volumeClaimTemplates: [{ metadata: { name: 'data' } }],
    template: { spec: { volumes: [] } },
  },
};
const oddFacts = fc.record(
  {
    namespace: fc.oneof(damaged(FACTS.namespace as ClusterObject), junk),
    source: fc.oneof(damaged(claim('data')), junk),
    target: fc.oneof(damaged(claim('data-backup')), junk),
    sourceVolume: fc.oneof(damaged(volume('a')), junk),
    targetVolume: fc.oneof(damaged(volume('b')), junk),
    targetClass: fc.oneof(damaged(waitingClass()), junk),
    pods: fc.array(fc.oneof(damaged(pod('db-0', { annotations: ANNOTATIONS, owner: SET })), junk), {
      maxLength: 3,
    }),
    nodes: fc.oneof(
      fc.array(fc.oneof(damaged(node('worker-1', 'a')), junk), { maxLength: 3 }),
      fc.constant(undefined),
    ),
    attachments: fc.oneof(fc.array(junk, { maxLength: 2 }), fc.constant(undefined)),
    owners: fc.array(fc.oneof(damaged(OWNER), junk), { maxLength: 2 }),
    isOptedIn: fc.constant(true),
    isOpenShift: fc.boolean(),
  },
  { noNullPrototype: true },
) as fc.Arbitrary<CopyFacts>;
const oddRequest: fc.Arbitrary<CopyRequest> = fc
  .record({
    sub: fc.oneof(fc.constant(''), fc.string({ unit: 'binary' })),
    quiesce: fc.constantFrom('none', 'hooks', 'scale'),
    node: fc.constantFrom('', '', 'worker-1', 'worker-9'),
  })
  .map((given) => ({ ...REQUEST, ...given }));

/** Clusters that could be, of three nodes in two zones. */
const NODES = [node('n1', 'a'), node('n2', 'a', { unschedulable: true }), node('n3', 'b')];
const zones = fc.option(fc.subarray(['a', 'b', 'c'], { minLength: 1 }), { nil: undefined });
const modes = fc.constantFrom(['ReadWriteOnce'], ['ReadWriteMany'], ['ReadOnlyMany'], ['ReadWriteOncePod']);
const aPod = fc
  .record({
    name: fc.stringMatching(/^[a-z]{1,4}$/u),
    claim: fc.constantFrom('data', 'data', 'data-backup', 'other'),
    node: fc.constantFrom('n1', 'n1', 'n2', 'n3', ''),
    phase: fc.constantFrom('Running', 'Running', 'Pending', 'Succeeded', 'Failed'),
    isMountReadOnly: fc.boolean(),
    isClaimReadOnly: fc.boolean(),
    tolerations: fc.subarray([
      { key: 'a', operator: 'Exists' },
      { key: 'b', operator: 'Exists' },
    ]),
    podSecurity: fc.constantFrom({}, { runAsUser: 1 }, { runAsUser: 2 }),
  })
  .map(({ name, ...options }) => ({ name, options, object: pod(name, options) }));
const possible = fc
  .record({
    sourceZones: zones,
    targetZones: zones,
    sourceModes: modes,
    targetModes: fc.constantFrom(['ReadWriteOnce'], ['ReadWriteMany']),
    pods: fc.uniqueArray(aPod, { maxLength: 4, selector: ({ name }) => name }),
    wanted: fc.constantFrom('', '', 'n1', 'n2', 'n3', 'n9'),
    hasNodes: fc.boolean(),
    quiesce: fc.constantFrom('none', 'hooks'),
  })
  .map((made) => ({
    ...made,
    request: { ...REQUEST, node: made.wanted, quiesce: made.quiesce } as CopyRequest,
    facts: {
      ...FACTS,
      source: claim('data', { modes: made.sourceModes }),
      target: claim('data-backup', { modes: made.targetModes, storageClass: 'slow' }),
      sourceVolume: inZones('a', made.sourceZones),
      targetVolume: inZones('b', made.targetZones),
      pods: made.pods.map(({ object }) => object),
      nodes: made.hasNodes ? NODES : undefined,
    } satisfies CopyFacts,
  }));

function inZones(name: string, zoned: readonly string[] | undefined): ClusterObject {
  if (zoned === undefined) return volume(name);
  // Alternatives, one for each zone.
  const nodeSelectorTerms = zoned.map((zone) => ({
    matchExpressions: [{ key: ZONE, operator: 'In', values: [zone] }],
  }));
  return volume(name, { nodeAffinity: { required: { nodeSelectorTerms } } });
}

describe('Whatever the cluster says', () => {
  test('a plan is made or declined, and nothing throws', () => {
    const kinds = new Map<string, number>();
    fc.assert(
      fc.property(oddRequest, oddFacts, fc.boolean(), (request, facts, veleroHooks) => {
        const plan = planCopy(request, facts, { veleroHooks });
        const kind = plan.kind === 'copy' ? 'copy' : plan.reason;
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        if (plan.kind === 'declined') assert.doesNotMatch(plan.message, /\n/u);
      }),
      { numRuns: 1500 },
    );
    // Junk that is declined at the first question would prove nothing. These come by the dozen, rarer ones by chance.
    for (const kind of ['copy', 'claim-pending', 'claim-missing', 'node-unsuitable', 'project-missing'])
      assert.ok((kinds.get(kind) ?? 0) > 0, `${kind}: ${JSON.stringify([...kinds])}`);
  });

  test('a pod that waits is judged, and a pod that has ended too', () => {
    fc.assert(
      fc.property(
        junk,
        fc.array(junk, { maxLength: 3 }),
        fc.nat(),
        fc.date(),
        (one, events, waitedMs, now) => {
          classifyPending(one as ClusterObject, events as ClusterObject[], waitedMs, now);
          const { result } = interpretReport(undefined, one);
          assert.ok(['failed', 'cancelled'].includes(result));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('Whatever cluster it is', () => {
  test('no copy is planned on a node that either volume excludes, nor on one that takes no pods', () => {
    let pinnedCount = 0;
    fc.assert(
      fc.property(possible, ({ request, facts, sourceZones, targetZones, hasNodes }) => {
        const plan = planCopy(request, facts);
        if (plan.kind !== 'copy' || !hasNodes) return;
        const reach = NODES.filter(({ metadata: { labels = {} } }) =>
          [sourceZones, targetZones].every(
            (allowed) => allowed === undefined || allowed.includes(labels[ZONE] ?? ''),
          ),
        ).map(({ metadata: { name } }) => name);
        assert.ok(reach.some((name) => name !== 'n2'));
        if (plan.node === undefined) return;
        pinnedCount += 1;
        assert.ok(reach.includes(plan.node) && plan.node !== 'n2', plan.node);
      }),
      { numRuns: 2000 },
    );
    assert.ok(pinnedCount > 50);
  });

  test('no copy is planned onto what a pod may write to', () => {
    let writtenCount = 0;
    fc.assert(
      fc.property(possible, ({ request, facts, pods }) => {
        const writers = pods.filter(
          ({ options: { claim: used, phase, isClaimReadOnly, isMountReadOnly } }) =>
            used === 'data-backup' &&
            !['Succeeded', 'Failed'].includes(phase) &&
            !isClaimReadOnly &&
            !isMountReadOnly,
        );
        if (writers.length === 0) return;
        writtenCount += 1;
        const plan = planCopy(request, facts);
        assert.equal(plan.kind === 'declined' && plan.reason, 'target-in-use');
      }),
      { numRuns: 1000 },
    );
    assert.ok(writtenCount > 50);
  });

  test('a copy of what one node has is made there', () => {
    fc.assert(
      fc.property(possible, ({ request, facts, pods, sourceModes }) => {
        const plan = planCopy(request, facts);
        if (plan.kind !== 'copy' || sourceModes.join() !== 'ReadWriteOnce') return;
        const holders = pods.filter(
          ({ options }) =>
            options.claim === 'data' && ['Running', 'Pending'].includes(options.phase) && options.node !== '',
        );
        for (const { options } of holders) assert.equal(plan.node, options.node);
      }),
      { numRuns: 1000 },
    );
  });

  test('the order of its objects makes no difference', () => {
    const shuffled = possible.chain((made) =>
      fc.tuple(
        fc.constant(made),
        fc.shuffledSubarray(made.facts.pods, { minLength: made.facts.pods.length }),
        fc.shuffledSubarray(NODES, { minLength: NODES.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([{ request, facts }, pods, nodes]) => {
        const other = { ...facts, pods, nodes: facts.nodes && nodes };
        assert.deepEqual(planCopy(request, other), planCopy(request, facts));
      }),
      { numRuns: 1000 },
    );
  });
});

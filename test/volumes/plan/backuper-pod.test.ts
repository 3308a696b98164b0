import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parseArguments } from '../../../src/model/backuper-arguments.ts';
import { ARGUMENT_PATTERN, type BackuperRequest, WHOLE_VOLUME } from '../../../src/model/backuper.ts';
import { backuperPod, type BackuperPodInput } from '../../../src/volumes/run/backuper-pod.ts';
import type { ChosenIdentity } from '../../../src/volumes/copy.ts';
import { planned, pod } from './made-objects.ts';

const REQUEST: BackuperRequest = {
  task: 'copy',
  identity: 'owner',
  ...WHOLE_VOLUME,
  isLive: true,
};
const OWNER: ChosenIdentity = {
  tier: 'owner',
  uid: 26,
  gid: 27,
  groups: [5],
  fsGroup: 27,
  capabilities: [],
  reason: '',
};
const ROOT: ChosenIdentity = {
  tier: 'root',
  uid: 0,
  gid: 0,
  capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
  reason: '',
};
const PROJECT: ChosenIdentity = {
  tier: 'project',
  uid: undefined,
  gid: undefined,
  capabilities: [],
  reason: '',
};

function made(
  input: Partial<BackuperPodInput> = {},
): Record<string, unknown> & { spec: Record<string, unknown> } {
  const given = {
    plan: planned({ pods: [pod('db-0', { tolerations: [{ key: 'db', operator: 'Exists' }] })] }),
    request: REQUEST,
    identity: OWNER,
    runId: '20261121t001500-abcde',
    recordUid: 'uid-of-record',
    image: 'registry.example.com/openshift-backup@sha256:0123',
    isOpenShift: false,
    memoryMiB: 300,
  };
  return JSON.parse(JSON.stringify(backuperPod({ ...given, ...input }))) as ReturnType<typeof made>;
}

describe('A BackupEr pod', () => {
  test('is exactly this', () => {
    assert.deepEqual(made(), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'backuper-copy-20261121t001500-abcde',
        namespace: 'shop',
        labels: {
          'app.kubernetes.io/name': 'backuper',
          'app.kubernetes.io/managed-by': 'openshift-backup',
          'openshift-backup.io/run': '20261121t001500-abcde',
        },
        annotations: { 'sidecar.istio.io/inject': 'false' },
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            name: 'backuper-run-20261121t001500-abcde',
            uid: 'uid-of-record',
          },
        ],
      },
      spec: {
        restartPolicy: 'Never',
        serviceAccountName: 'backuper',
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 60,
        activeDeadlineSeconds: 21_600,
        securityContext: {
          runAsUser: 26,
          runAsGroup: 27,
          runAsNonRoot: true,
          supplementalGroups: [5],
          fsGroup: 27,
          fsGroupChangePolicy: 'OnRootMismatch',
          seccompProfile: { type: 'RuntimeDefault' },
        },
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['worker-1'] }] },
              ],
            },
          },
        },
        tolerations: [{ key: 'db', operator: 'Exists' }],
        containers: [
          {
            name: 'backuper',
            image: 'registry.example.com/openshift-backup@sha256:0123',
            imagePullPolicy: 'IfNotPresent',
            command: ['/usr/libexec/backuper'],
            args: [
              'copy',
              'identity=owner',
              'sub=',
              'into=',
              'mode=mirror',
              'generation=',
              'live=1',
              'shrink=0',
              'checksum=0',
              'bandwidth=0',
            ],
            resources: { requests: { cpu: '50m', memory: '300Mi' }, limits: { memory: '300Mi' } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            terminationMessagePolicy: 'File',
            volumeMounts: [
              { name: 'source', mountPath: '/source', readOnly: true },
              { name: 'target', mountPath: '/target', readOnly: false },
              { name: 'tmp', mountPath: '/tmp' },
            ],
          },
        ],
        volumes: [
          { name: 'source', persistentVolumeClaim: { claimName: 'data', readOnly: true } },
          { name: 'target', persistentVolumeClaim: { claimName: 'data-backup', readOnly: false } },
          { name: 'tmp', emptyDir: {} },
        ],
      },
    });
  });

  test('that is root has its capabilities, and no group that would change a volume', () => {
    const { spec } = made({ identity: ROOT });
    assert.deepEqual(spec['securityContext'], {
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const [container] = spec['containers'] as { securityContext: { capabilities: object } }[];
    assert.deepEqual(container?.securityContext.capabilities, {
      drop: ['ALL'],
      add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
    });
  });

  for (const task of ['probe', 'verify'] as const) {
    test(`that does ${task} can't write to either volume, by two locks`, () => {
      const { spec, metadata } = made({ request: { ...REQUEST, task } });
      assert.equal((metadata as { name: string }).name, `backuper-${task}-20261121t001500-abcde`);
      const volumes = spec['volumes'] as { persistentVolumeClaim?: { readOnly: boolean } }[];
      const [container] = spec['containers'] as { volumeMounts: { name: string; readOnly?: boolean }[] }[];
      const locks = [
        ...volumes.map(({ persistentVolumeClaim }) => persistentVolumeClaim?.readOnly),
        ...(container?.volumeMounts ?? []).map(({ readOnly }) => readOnly),
      ];
      assert.deepEqual(locks, [true, true, undefined, true, true, undefined]);
    });
  }

  for (const [identity, scc] of [
    [PROJECT, 'restricted-v2'],
    [OWNER, 'nonroot-v2'],
    [ROOT, 'backuper-root'],
  ] as const) {
    test(`on OpenShift asks for the SCC ${scc}`, () => {
      const { metadata, spec } = made({ identity, isOpenShift: true });
      const { annotations } = metadata as { annotations: Record<string, string> };
      assert.equal(annotations['openshift.io/required-scc'], scc);
      assert.equal('runAsUser' in (spec['securityContext'] as object), identity !== PROJECT);
    });
  }

  test('that may go anywhere says nothing of nodes', () => {
    const { spec } = made({ plan: planned() });
    assert.deepEqual(
      ['affinity', 'nodeName', 'nodeSelector', 'tolerations'].filter((key) => key in spec),
      [],
    );
  });

  test('has arguments that the guard lets pass and that say what was asked, whatever the folders are called', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((text) => !/[/\0]/u.test(text));
    const folder = fc.array(name, { maxLength: 6 }).map((names) => names.join('/'));
    const generation = fc.constantFrom('20261121T001500Z', '20261120T001500Z');
    const request = fc.record<BackuperRequest>(
      {
        task: fc.constantFrom('copy', 'probe', 'verify'),
        identity: fc.constantFrom('owner', 'root'),
        sub: folder,
        into: folder,
        mode: fc.constant('generations'),
        generation,
        expired: fc.array(generation, { maxLength: 120 }),
        isLive: fc.boolean(),
        mayShrink: fc.boolean(),
        checksum: fc.boolean(),
        bandwidthKiB: fc.nat(),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(request, (one) => {
        const [container] = made({ request: one }).spec['containers'] as { args: string[] }[];
        const args = container?.args ?? [];
        assert.ok(args.every((argument) => ARGUMENT_PATTERN.test(argument) && !argument.includes('..')));
        assert.deepEqual(parseArguments(args), one);
      }),
    );
  });
});

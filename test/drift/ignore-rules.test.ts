import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_IGNORES } from '../../src/drift/default-ignores.ts';
import type { FieldChange, ObjectIdentity, Segment, Value } from '../../src/drift/drift.ts';
import {
  type ComparedObject,
  ignorerOf,
  type IgnoreRule,
  objectIgnorerOf,
} from '../../src/drift/ignore-rule.ts';
import { patternOf } from '../../src/drift/path-pattern.ts';
import { ignoreContextOf, isScalerType, scaleTargetOf } from '../../src/drift/scale-target.ts';
import { parseValue } from '../../src/drift/value.ts';
import { JsonDocument } from '../../src/json/json-document.ts';
import type { ResourceType } from '../../src/model/resource-type.ts';
import { prunerOf } from '../../src/prune/prune-object.ts';
import { written } from '../prune/golden-cases.ts';
import { identityOf, pathOf, valueOf } from './json-value.ts';

const NOBODY = ignoreContextOf([]);
const WEB_SCALED = ignoreContextOf([{ project: 'shop', kind: 'Deployment', name: 'web' }]);
const DEPLOYMENT = identityOf('deployments.apps', 'Deployment');
const CONFIG = identityOf('deploymentconfigs.apps.openshift.io', 'DeploymentConfig');
const REPLICAS = pathOf('spec', 'replicas');
const IMAGE = pathOf('spec', 'template', 'spec', 'containers', { name: 'web' }, 'image');

/** An object before and after, as a server has them; what changed in the stored ones; and which rule keeps it out. */
interface Case {
  readonly name: string;
  readonly identity: ObjectIdentity;
  readonly before: object;
  readonly after: object;
  readonly path: readonly Segment[];
  readonly op: FieldChange['op'];
  readonly rule: string | undefined;
  readonly context?: typeof NOBODY;
}

const ASKS = { 'service.beta.openshift.io/inject-cabundle': 'true' };
const CHANGED: Pick<Case, 'op'> = { op: 'changed' };
const REMOVED: Pick<Case, 'op'> = { op: 'removed' };

const DEFAULTS: readonly Case[] = [
  {
    name: 'replicas of a workload that is scaled',
    identity: DEPLOYMENT,
    before: { spec: { replicas: 2 } },
    after: { spec: { replicas: 5 } },
    path: REPLICAS,
    ...CHANGED,
    rule: 'scaled-replicas',
    context: WEB_SCALED,
  },
  {
    name: 'replicas of one that is not',
    identity: DEPLOYMENT,
    before: { spec: { replicas: 2 } },
    after: { spec: { replicas: 5 } },
    path: REPLICAS,
    ...CHANGED,
    rule: undefined,
  },
  {
    name: 'replicas of one in another project',
    identity: { ...DEPLOYMENT, project: 'other' },
    before: { spec: { replicas: 2 } },
    after: { spec: { replicas: 5 } },
    path: REPLICAS,
    ...CHANGED,
    rule: undefined,
    context: WEB_SCALED,
  },
  {
    name: 'replicas of another kind of that name',
    identity: identityOf('statefulsets.apps', 'StatefulSet'),
    before: { spec: { replicas: 2 } },
    after: { spec: { replicas: 5 } },
    path: REPLICAS,
    ...CHANGED,
    rule: undefined,
    context: WEB_SCALED,
  },
  {
    name: 'another field of a workload that is scaled',
    identity: DEPLOYMENT,
    before: { spec: { paused: true } },
    after: { spec: { paused: false } },
    path: pathOf('spec', 'paused'),
    ...CHANGED,
    rule: undefined,
    context: WEB_SCALED,
  },

  {
    name: 'an image that a trigger fills in',
    identity: CONFIG,
    before: config({}, 'a'),
    after: config({}, 'b'),
    path: IMAGE,
    ...CHANGED,
    rule: 'triggered-config-image',
  },
  {
    name: 'an image of a trigger that is not automatic',
    identity: CONFIG,
    before: config({ automatic: false }, 'a'),
    after: config({ automatic: false }, 'b'),
    path: IMAGE,
    ...CHANGED,
    rule: undefined,
  },
  {
    name: 'an image of a trigger that says nothing of being automatic',
    identity: CONFIG,
    before: config({ automatic: undefined }, 'a'),
    after: config({ automatic: undefined }, 'b'),
    path: IMAGE,
    ...CHANGED,
    rule: undefined,
  },
  {
    name: 'an image of a container that the trigger does not name',
    identity: CONFIG,
    before: config({ containerNames: ['proxy'] }, 'a'),
    after: config({ containerNames: ['proxy'] }, 'b'),
    path: IMAGE,
    ...CHANGED,
    rule: undefined,
  },
  {
    name: 'an image whose trigger is no more',
    identity: CONFIG,
    before: config({}, 'a'),
    after: { spec: { ...config({}, 'b').spec, triggers: [] } },
    path: IMAGE,
    ...CHANGED,
    rule: undefined,
  },
  {
    name: 'what a trigger saw last',
    identity: CONFIG,
    before: config({ lastTriggeredImage: 'a' }, 'a'),
    after: config({ lastTriggeredImage: 'b' }, 'a'),
    path: pathOf(
      'spec',
      'triggers',
      { type: 'ImageChange', name: 'web:latest' },
      'imageChangeParams',
      'lastTriggeredImage',
    ),
    ...CHANGED,
    rule: 'last-triggered-image',
  },
  {
    name: 'which image a trigger watches',
    identity: CONFIG,
    before: config({ from: { name: 'a' } }, 'a'),
    after: config({ from: { name: 'b' } }, 'a'),
    path: pathOf('spec', 'triggers', 0, 'imageChangeParams', 'from', 'name'),
    ...CHANGED,
    rule: undefined,
  },

  ...(
    [
      [
        'by name',
        [{ fieldPath: 'spec.template.spec.containers[?(@.name=="web")].image' }],
        'triggered-image',
      ],
      [
        'by place',
        [{ fieldPath: 'spec.template.spec.containers[0].image', paused: false }],
        'triggered-image',
      ],
      ['of another place', [{ fieldPath: 'spec.template.spec.containers[1].image' }], undefined],
      [
        'of another container',
        [{ fieldPath: 'spec.template.spec.containers[?(@.name=="proxy")].image' }],
        undefined,
      ],
      [
        'of an init container',
        [{ fieldPath: 'spec.template.spec.initContainers[?(@.name=="web")].image' }],
        undefined,
      ],
      ['that is paused', [{ fieldPath: 'spec.template.spec.containers[0].image', paused: true }], undefined],
      [
        'that is paused in words, which the controller refuses',
        [{ fieldPath: 'spec.template.spec.containers[0].image', paused: 'true' }],
        undefined,
      ],
      ['to anything but an image', [{ fieldPath: 'spec.template.spec.containers[0]' }], undefined],
      ['in another form', { fieldPath: 'spec.template.spec.containers[0].image' }, undefined],
      ['of nothing', [null, 1, 'a', {}, []], undefined],
    ] as const
  ).map(([name, triggers, rule]): Case => ({
    name: `an image with an annotation ${name}`,
    identity: DEPLOYMENT,
    before: annotated('a', JSON.stringify(triggers)),
    after: annotated('b', JSON.stringify(triggers)),
    path: IMAGE,
    ...CHANGED,
    rule,
  })),
  {
    name: 'an image with an annotation that is no JSON',
    identity: DEPLOYMENT,
    before: annotated('a', '[{'),
    after: annotated('b', '[{'),
    path: IMAGE,
    ...CHANGED,
    rule: undefined,
  },
  {
    name: 'an image without an annotation',
    identity: DEPLOYMENT,
    before: pod('a'),
    after: pod('b'),
    path: IMAGE,
    ...CHANGED,
    rule: undefined,
  },
  {
    name: 'an image of a CronJob with an annotation',
    identity: identityOf('cronjobs.batch', 'CronJob'),
    ...twice((image) => ({
      metadata: {
        annotations: {
          'image.openshift.io/triggers':
            '[{"fieldPath":"spec.jobTemplate.spec.template.spec.containers[?(@.name==\\"web\\")].image"}]',
        },
      },
      spec: { jobTemplate: pod(image) },
    })),
    path: pathOf('spec', 'jobTemplate', 'spec', 'template', 'spec', 'containers', { name: 'web' }, 'image'),
    ...CHANGED,
    rule: 'triggered-image',
  },

  {
    name: 'what was rendered for a pool',
    identity: cluster('machineconfigpools.machineconfiguration.openshift.io', 'MachineConfigPool'),
    before: { spec: { configuration: { name: 'rendered-a' } } },
    after: { spec: { configuration: { name: 'rendered-b' } } },
    path: pathOf('spec', 'configuration', 'name'),
    ...CHANGED,
    rule: 'rendered-pool-configuration',
  },
  {
    name: 'that a claim is bound',
    identity: identityOf('persistentvolumeclaims', 'PersistentVolumeClaim'),
    before: { metadata: {} },
    after: {
      metadata: {
        annotations: {
          'pv.kubernetes.io/bind-completed': 'yes',
          'pv.kubernetes.io/bound-by-controller': 'yes',
        },
      },
    },
    path: pathOf('metadata', 'annotations'),
    op: 'added',
    rule: 'claim-binding',
  },
  {
    name: 'that a claim is bound, and somebody has annotated it',
    identity: identityOf('persistentvolumeclaims', 'PersistentVolumeClaim'),
    before: { metadata: {} },
    after: { metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes', own: 'yes' } } },
    path: pathOf('metadata', 'annotations'),
    op: 'added',
    rule: undefined,
  },
  {
    name: 'which volume a claim has',
    identity: identityOf('persistentvolumeclaims', 'PersistentVolumeClaim'),
    before: { spec: { volumeName: 'a' } },
    after: { spec: { volumeName: 'b' } },
    path: pathOf('spec', 'volumeName'),
    ...CHANGED,
    rule: undefined,
  },
  {
    name: 'how a volume found its claim',
    identity: cluster('persistentvolumes', 'PersistentVolume'),
    before: { spec: { claimRef: { resourceVersion: '1' } } },
    after: { spec: { claimRef: { resourceVersion: '2' } } },
    path: pathOf('spec', 'claimRef', 'resourceVersion'),
    ...CHANGED,
    rule: 'volume-binding',
  },
  {
    name: 'that the claim of a volume is another one',
    identity: cluster('persistentvolumes', 'PersistentVolume'),
    before: { spec: { claimRef: { uid: '1' } } },
    after: { spec: { claimRef: { uid: '2' } } },
    path: pathOf('spec', 'claimRef', 'uid'),
    ...CHANGED,
    rule: undefined,
  },

  {
    name: 'a CA of a webhook that is injected from now on',
    identity: cluster(
      'validatingwebhookconfigurations.admissionregistration.k8s.io',
      'ValidatingWebhookConfiguration',
    ),
    before: hook({}, true),
    after: hook(ASKS, true),
    path: pathOf('webhooks', { name: 'a' }, 'clientConfig', 'caBundle'),
    ...REMOVED,
    rule: 'injected-webhook-ca',
  },
  {
    name: 'a CA of a webhook that is injected no more',
    identity: cluster(
      'validatingwebhookconfigurations.admissionregistration.k8s.io',
      'ValidatingWebhookConfiguration',
    ),
    before: hook(ASKS, true),
    after: hook({}, true),
    path: pathOf('webhooks', { name: 'a' }, 'clientConfig', 'caBundle'),
    op: 'added',
    rule: undefined,
  },
  {
    name: 'a CA of a webhook that nobody injects',
    identity: cluster(
      'mutatingwebhookconfigurations.admissionregistration.k8s.io',
      'MutatingWebhookConfiguration',
    ),
    before: hook({}, true),
    after: hook({}, false),
    path: pathOf('webhooks', { name: 'a' }, 'clientConfig', 'caBundle'),
    ...REMOVED,
    rule: undefined,
  },
  {
    name: 'a CA of an API service that cert-manager injects from now on',
    identity: cluster('apiservices.apiregistration.k8s.io', 'APIService'),
    before: { spec: { caBundle: 'Q0E=', group: 'a' } },
    after: {
      metadata: { annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } },
      spec: { caBundle: 'Q0E=', group: 'a' },
    },
    path: pathOf('spec', 'caBundle'),
    ...REMOVED,
    rule: 'injected-apiservice-ca',
  },
  {
    name: 'a CA of a CRD that the lifecycle manager injects from now on, with what holds it',
    identity: cluster('customresourcedefinitions.apiextensions.k8s.io', 'CustomResourceDefinition'),
    before: crd({}),
    after: crd({ labels: { 'olm.managed': 'true' } }),
    path: pathOf('spec', 'conversion', 'webhook', 'clientConfig'),
    ...REMOVED,
    rule: 'injected-crd-ca',
  },
  {
    name: 'a service CA that is injected from now on',
    identity: identityOf('configmaps', 'ConfigMap'),
    before: { data: { 'service-ca.crt': 'A', own: 'B' } },
    after: { metadata: { annotations: ASKS }, data: { 'service-ca.crt': 'A', own: 'B' } },
    path: pathOf('data', 'service-ca.crt'),
    ...REMOVED,
    rule: 'injected-service-ca',
  },
  {
    name: 'a trusted CA that is injected from now on',
    identity: identityOf('configmaps', 'ConfigMap'),
    before: { data: { 'ca-bundle.crt': 'A' } },
    after: {
      metadata: { labels: { 'config.openshift.io/inject-trusted-cabundle': 'true' } },
      data: { 'ca-bundle.crt': 'A' },
    },
    path: pathOf('data'),
    ...REMOVED,
    rule: 'injected-trusted-ca',
  },
  {
    name: 'a CA bundle that somebody wrote',
    identity: identityOf('configmaps', 'ConfigMap'),
    before: { data: { 'ca-bundle.crt': 'A' } },
    after: { data: { 'ca-bundle.crt': 'B' } },
    path: pathOf('data', 'ca-bundle.crt'),
    ...CHANGED,
    rule: undefined,
  },
  {
    name: 'rules that are gathered from now on',
    identity: cluster('clusterroles.rbac.authorization.k8s.io', 'ClusterRole'),
    before: { rules: [{ verbs: ['get'] }] },
    after: { aggregationRule: {}, rules: [{ verbs: ['get'] }] },
    path: pathOf('rules'),
    ...REMOVED,
    rule: 'aggregated-role-rules',
  },
  {
    name: 'rules that somebody took away',
    identity: cluster('clusterroles.rbac.authorization.k8s.io', 'ClusterRole'),
    before: { rules: [{ verbs: ['get'] }] },
    after: {},
    path: pathOf('rules'),
    ...REMOVED,
    rule: undefined,
  },
  {
    name: 'that rules are gathered',
    identity: cluster('clusterroles.rbac.authorization.k8s.io', 'ClusterRole'),
    before: {},
    after: { aggregationRule: {} },
    path: pathOf('aggregationRule'),
    op: 'added',
    rule: undefined,
  },
];

describe('The built-in rules keep out what nobody changed, and nothing else:', () => {
  for (const { name, identity, before, after, path, op, rule, context = NOBODY } of DEFAULTS) {
    test(`${rule ?? 'nothing'}: ${name}`, () => {
      const object = { before: stored(identity, before), after: stored(identity, after) };
      assert.ok(isChange(object, path, op), 'the prune rules leave no such change in the archives');
      const found = ignorerOf(DEFAULT_IGNORES, context)(identity, { path, op }, object);
      assert.equal(found?.id, rule);
    });
  }

  test('each of them can keep something out that the prune rules leave in', () => {
    const reached = new Set(DEFAULTS.map(({ rule }) => rule));
    assert.deepEqual(
      DEFAULT_IGNORES.filter(({ id }) => !reached.has(id)),
      [],
    );
  });

  test('each has an id of its own, a reason, and a source that is pinned', () => {
    assert.equal(new Set(DEFAULT_IGNORES.map(({ id }) => id)).size, DEFAULT_IGNORES.length);
    for (const { id, reason, source = '', expires } of DEFAULT_IGNORES) {
      assert.match(source, /^https:\/\/github\.com\/[^/]+\/[^/]+\/blob\/(?:v[\d.]+|[0-9a-f]{7,40})\//u, id);
      assert.ok(reason.length > 10 && expires === undefined, id);
    }
  });
});

const SELECTIONS: readonly (readonly [name: string, rule: Partial<IgnoreRule>, isMeant: boolean])[] = [
  ['its group and kind', {}, true],
  ['another group', { group: '' }, false],
  ['a glob for the group', { group: '*' }, true],
  ['another kind', { kind: 'StatefulSet' }, false],
  ['a glob for the kind', { kind: 'D*' }, true],
  ['its project', { namespace: 'shop' }, true],
  ['a glob for the project', { namespace: 'sh*' }, true],
  ['another project', { namespace: 'shops' }, false],
  ['its name', { name: 'web' }, true],
  ['a glob for the name', { name: 'w?b' }, true],
  ['another name', { name: 'we' }, false],
  ['other paths', { paths: [patternOf('spec.paused')] }, false],
  ['a condition that does not hold', { when: { text: 'never', holds: () => false } }, false],
  [
    'a condition that holds',
    { when: { text: 'here', holds: ({ identity, path }) => identity.name === 'web' && path === REPLICAS } },
    true,
  ],
];

describe('A rule is for the objects and fields that it names:', () => {
  for (const [name, given, isMeant] of SELECTIONS) {
    test(name, () => {
      const found = ignorerOf([ruleWith(given)], NOBODY)(DEPLOYMENT, { path: REPLICAS, op: 'changed' }, {});
      assert.equal(found?.id, isMeant ? 'own' : undefined);
    });
  }

  test('the first one counts', () => {
    const ignores = ignorerOf(
      [ruleWith({ id: 'a', kind: 'X' }), ruleWith({ id: 'b' }), ruleWith({ id: 'c' })],
      NOBODY,
    );
    assert.equal(ignores(DEPLOYMENT, { path: REPLICAS, op: 'changed' }, {})?.id, 'b');
  });

  test('an object with no project is not meant by a rule for one', () => {
    const ignores = ignorerOf(
      [
        ruleWith({ group: '', kind: 'Node', namespace: 'shop' }),
        ruleWith({ id: 'all', group: '', kind: 'Node' }),
      ],
      NOBODY,
    );
    assert.equal(ignores(cluster('nodes', 'Node'), { path: REPLICAS, op: 'changed' }, {})?.id, 'all');
  });
});

describe('What was added or removed as a whole', () => {
  const paths = [patternOf('spec.containers[name=web].image'), patternOf('spec.containers[*].name')];
  const judge = (after: unknown, op: FieldChange['op'] = 'added'): string | undefined =>
    ignorerOf([ruleWith({ paths })], NOBODY)(
      DEPLOYMENT,
      { path: pathOf('spec'), op },
      { after: valueOf({ spec: after }) },
    )?.id;

  test('is kept out if every part of it is', () =>
    assert.equal(judge({ containers: [{ name: 'web', image: 'a' }] }), 'own'));
  test('is shown if one part of it is not', () => {
    assert.equal(judge({ containers: [{ name: 'proxy', image: 'a' }] }), undefined);
    assert.equal(judge({ containers: [{ name: 'web', image: 'a', tty: true }] }), undefined);
    assert.equal(judge({}), undefined);
    assert.equal(judge(undefined), undefined);
  });
  test('is not looked into if it is another value than before', () =>
    assert.equal(judge({ containers: [{ name: 'web', image: 'a' }] }, 'changed'), undefined));
});

const AUTO = { manager: 'vpa', operation: 'Update', time: '2026-11-20T00:00:00Z' };
const EVE = { manager: 'kubectl-edit', operation: 'Update', time: '2026-11-20T00:00:00Z' };
const WRITERS: readonly (readonly [
  name: string,
  op: FieldChange['op'],
  object: ComparedObject,
  isIgnored: boolean,
])[] = [
  ['only this manager wrote', 'changed', { attribution: { managers: [AUTO] } }, true],
  ['only this manager added', 'added', { attribution: { managers: [AUTO] } }, true],
  ['somebody else wrote too', 'changed', { attribution: { managers: [EVE, AUTO] } }, false],
  ['nobody knows who wrote', 'changed', {}, false],
  ['nobody wrote', 'changed', { attribution: { managers: [] } }, false],
  // Whoever takes the last of his fields away is named no more.
  ['a field is gone', 'removed', { attribution: { managers: [AUTO] } }, false],
];

describe('A rule for field managers keeps out what they alone can have written:', () => {
  for (const [name, op, object, isIgnored] of WRITERS) {
    test(name, () => {
      const ignores = ignorerOf([ruleWith({ paths: [], managers: ['vpa'] })], NOBODY);
      assert.equal(ignores(DEPLOYMENT, { path: REPLICAS, op }, object) !== undefined, isIgnored);
    });
  }
});

test('A rule keeps whole objects out only where it says so', () => {
  const ignores = objectIgnorerOf([
    ruleWith({}),
    ruleWith({ id: 'new', name: 'tmp-*', changes: ['added', 'removed'] }),
  ]);
  const temporary = { ...DEPLOYMENT, name: 'tmp-1' };
  assert.deepEqual(
    [
      ignores(temporary, 'added')?.id,
      ignores(temporary, 'removed')?.id,
      ignores(temporary, 'renamed'),
      ignores(DEPLOYMENT, 'added'),
    ],
    ['new', 'new', undefined, undefined],
  );
});

describe('What scales a workload', () => {
  const target = { kind: 'Deployment', name: 'web' };
  const CASES: readonly (readonly [type: string, object: object, target: object | undefined])[] = [
    ['horizontalpodautoscalers.autoscaling', { spec: { scaleTargetRef: target } }, target],
    ['scaledobjects.keda.sh', { spec: { scaleTargetRef: { name: 'web' } } }, target],
    [
      'scaledobjects.keda.sh',
      { spec: { scaleTargetRef: { name: 'web', kind: 'StatefulSet' } } },
      { ...target, kind: 'StatefulSet' },
    ],
    [
      'machineautoscalers.autoscaling.openshift.io',
      { spec: { scaleTargetRef: { kind: 'MachineSet', name: 'a' } } },
      { kind: 'MachineSet', name: 'a' },
    ],
    ['horizontalpodautoscalers.autoscaling', { spec: { scaleTargetRef: { name: 'web' } } }, undefined],
    ['horizontalpodautoscalers.autoscaling', { spec: [] }, undefined],
    ['deployments.apps', { spec: { scaleTargetRef: target } }, undefined],
  ];
  for (const [type, object, expected] of CASES) {
    test(`${type} ${JSON.stringify(object)}`, () => {
      const found = scaleTargetOf(identityOf(type), valueOf(object));
      assert.deepEqual(found, expected && { project: 'shop', ...expected });
      assert.equal(isScalerType(type), type !== 'deployments.apps');
    });
  }
});

test('No object makes a built-in rule throw', () => {
  const kinds = DEFAULT_IGNORES.map(({ group, kind, paths }) => ({ group, kind, paths }));
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.jsonValue(),
      fc.constantFrom(...kinds),
      (before, after, { group, kind }) => {
        const identity = identityOf(`things.${group}`, kind);
        const ignores = ignorerOf(DEFAULT_IGNORES, WEB_SCALED);
        for (const path of [
          IMAGE,
          REPLICAS,
          pathOf('spec', 'triggers', 0, 'imageChangeParams', 'lastTriggeredImage'),
        ])
          ignores(identity, { path, op: 'changed' }, { before: shaped(before), after: shaped(after) });
      },
    ),
  );
});

function ruleWith(given: Partial<IgnoreRule>): IgnoreRule {
  return {
    id: 'own',
    reason: 'a test',
    group: 'apps',
    kind: 'Deployment',
    paths: [patternOf('spec.replicas')],
    ...given,
  };
}

function cluster(type: string, kind: string): ObjectIdentity {
  return { type, kind, name: 'web' };
}

function pod(image: string): { spec: object } {
  return {
    spec: {
      template: {
        spec: {
          containers: [
            { name: 'web', image },
            { name: 'proxy', image: 'p' },
          ],
        },
      },
    },
  };
}

function annotated(image: string, triggers: string): object {
  return { metadata: { annotations: { 'image.openshift.io/triggers': triggers } }, ...pod(image) };
}

function config(trigger: object, image: string): { spec: object } {
  const params = {
    automatic: true,
    containerNames: ['web'],
    from: { kind: 'ImageStreamTag', name: 'web:latest' },
    ...trigger,
  };
  return {
    spec: {
      ...pod(image).spec,
      triggers: [{ type: 'ImageChange', imageChangeParams: params }, { type: 'ConfigChange' }],
    },
  };
}

function hook(annotations: object, hasCa: boolean): object {
  const clientConfig = { service: { name: 'a' }, ...(hasCa && { caBundle: 'Q0E=' }) };
  return { metadata: { annotations }, webhooks: [{ name: 'a', clientConfig }] };
}

function crd(metadata: object): object {
  return {
    metadata,
    spec: {
      conversion: {
        strategy: 'Webhook',
        webhook: { conversionReviewVersions: ['v1'], clientConfig: { caBundle: 'Q0E=' } },
      },
    },
  };
}

function twice(make: (image: string) => object): { before: object; after: object } {
  return { before: make('a'), after: make('b') };
}

/** What the prune rules leave of an object. */
function stored({ type, kind, project, name }: ObjectIdentity, object: object): Value {
  const [plural = '', ...group] = type.split('.');
  const resource: ResourceType = {
    plural,
    group: group.join('.'),
    version: 'v1',
    kind,
    isNamespaced: project !== undefined,
    verbs: [],
  };
  const { metadata = {}, ...rest } = object as { metadata?: object };
  const raw = {
    metadata: { name, ...(project !== undefined && { namespace: project }), ...metadata },
    ...rest,
  };
  const document = new JsonDocument(Buffer.from(JSON.stringify(raw)));
  assert.equal(prunerOf(resource)(document, document.root), undefined);
  return parseValue(Buffer.from(written(document, resource)));
}

function isChange(
  { before, after }: ComparedObject,
  path: readonly Segment[],
  op: FieldChange['op'],
): boolean {
  const [old, present] = [at(before, path), at(after, path)];
  if (op === 'added') return old === undefined && present !== undefined;
  if (op === 'removed') return old !== undefined && present === undefined;
  return (
    old !== undefined &&
    present !== undefined &&
    JSON.stringify(plain(old)) !== JSON.stringify(plain(present))
  );
}

function at(value: Value | undefined, path: readonly Segment[]): Value | undefined {
  let found = value;
  for (const segment of path) {
    if ('key' in segment)
      found = found instanceof Map ? (found.get(segment.key) as Value | undefined) : undefined;
    else if (!Array.isArray(found)) return undefined;
    else if ('index' in segment) found = found[segment.index] as Value | undefined;
    else
      found = (found as Value[]).find((one) =>
        ['name', 'type'].some(
          (key) => one instanceof Map && one.get(key) === segment.match[key] && one.has(key),
        ),
      );
  }
  return found;
}

function plain(value: Value): unknown {
  if (value instanceof Map) return [...value].map(([key, member]) => [key, plain(member as Value)]);
  return Array.isArray(value) ? value.map((one) => plain(one as Value)) : value;
}

/** Something strange in each of the places where a rule looks. */
function shaped(json: fc.JsonValue): Value {
  const trigger = { imageChangeParams: { automatic: true, containerNames: json } };
  return valueOf({
    metadata: { annotations: { 'image.openshift.io/triggers': JSON.stringify(json) }, labels: json },
    spec: {
      replicas: json,
      triggers: [trigger, json],
      template: { spec: { containers: [{ name: 'web', image: json }, json] } },
    },
    data: json,
  });
}

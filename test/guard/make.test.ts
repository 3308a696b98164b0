import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { GuardSettings } from '../../src/guard/guard-request.ts';
import { guardBindings, guardPolicies } from '../../src/guard/policies.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { makeWorkplace, type Workplace } from '../openshift/workplace.ts';
import { runCli } from '../support/run-cli.ts';
import { IMAGE, IMAGE_BEFORE } from './pods.ts';

interface Listed {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: Record<string, unknown>;
  }[];
}

describe('make guard', () => {
  let cluster: Cluster;
  let place: Workplace;
  before(async () => {
    // Whether it is in force is decided by who may do what; nobody fills a status here.
    cluster = await startCluster();
    place = await makeWorkplace(cluster);
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cluster-backup' } }]);
  });
  after(async () => {
    await place.remove();
    await cluster.stop();
  });

  const list = async (kind: string): Promise<Listed['items']> =>
    (JSON.parse(await cluster.kubectl(['get', kind, '--output=json'])) as Listed).items;
  const check = async (): Promise<number | null> =>
    (await runCli(['guard', 'check', '--kubeconfig', cluster.adminKubeconfig, '-n', 'cluster-backup'])).code;

  test('changes nothing where there is no backup, and says what to do', async () => {
    const { scriptCode, stderr } = await place.make(['guard']);
    assert.equal(scriptCode, 4, stderr);
    assert.match(stderr, /run "make create" first, or set GUARD_IMAGES/u);
    assert.deepEqual(await list('validatingadmissionpolicies'), []);
  });

  for (const [name, environment, says] of [
    ['an unknown form', { GUARD: 'kyverno' }, /GUARD is "kyverno": give auto, policy or webhook/u],
    ['an unknown mode', { GUARD_MODE: 'warn' }, /GUARD_MODE is "warn": give audit or deny/u],
    ['an image with a quote', { GUARD_IMAGES: 'a"b' }, /GUARD_IMAGES is/u],
    ['an image that sed would take for its own', { GUARD_IMAGES: 'a|b&c' }, /GUARD_IMAGES is/u],
    ['a user with a line break', { GUARD_CREATORS: 'a\nb' }, /GUARD_CREATORS is/u],
    [
      'a webhook without anybody who makes certificates',
      { GUARD: 'webhook', GUARD_IMAGES: IMAGE },
      /docs\/guard\.md/u,
    ],
    [
      'a webhook that only notes',
      { GUARD: 'webhook', GUARD_MODE: 'audit', GUARD_IMAGES: IMAGE },
      /has no GUARD_MODE=audit/u,
    ],
  ] as const) {
    test(`refuses ${name}`, async () => {
      const { scriptCode, stderr } = await place.make(['guard'], environment);
      assert.equal(scriptCode, 2, stderr);
      assert.match(stderr, says);
    });
  }

  test('brings into force exactly what the rules make of the settings', async () => {
    const { scriptCode, stdout, stderr } = await place.make(['guard'], {
      GUARD_IMAGES: `${IMAGE},${IMAGE_BEFORE}`,
      GUARD_CREATORS: 'system:serviceaccount:other:openshift-backup',
      GUARD_ADMINISTRATORS: 'jane,joe@example.com',
      OPENSHIFT_BACKUP_NAME: 'nightly',
    });
    assert.equal(scriptCode, 0, stderr);
    assert.match(stdout, /guard: {5}deny/u);
    const settings: GuardSettings = {
      images: [IMAGE, IMAGE_BEFORE],
      creators: [
        'system:serviceaccount:cluster-backup:nightly',
        'system:serviceaccount:other:openshift-backup',
      ],
      administrators: ['system:admin', 'jane', 'joe@example.com'],
      administratorGroups: ['system:masters', 'system:cluster-admins'],
    };
    const expected = guardPolicies(settings).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    assert.deepEqual(expressions(await list('validatingadmissionpolicies')), expressions(expected));
    const bindings = await list('validatingadmissionpolicybindings');
    assert.equal(bindings.length, guardBindings('deny').length);
    assert.deepEqual(bindings[0]?.spec['validationActions'], ['Deny', 'Audit']);
    assert.equal(await check(), 0);
  });

  test('run again changes nothing', async () => {
    const environment = { GUARD_IMAGES: IMAGE };
    await place.make(['guard'], environment);
    const { scriptCode, stdout } = await place.make(['guard'], environment);
    assert.equal(scriptCode, 0);
    assert.doesNotMatch(stdout, /configured|created/u);
  });

  test('takes the image of the installation, and during an upgrade the next one too', async () => {
    const template = {
      spec: { restartPolicy: 'Never', containers: [{ name: 'openshift-backup', image: IMAGE_BEFORE }] },
    };
    await cluster.apply([
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { namespace: 'cluster-backup', name: 'openshift-backup' },
        spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template } } },
      },
    ]);
    const { stdout } = await place.make(['guard'], { OPENSHIFT_BACKUP_IMAGE: IMAGE });
    assert.match(stdout, new RegExp(`^images: {4}${IMAGE_BEFORE},${IMAGE}$`, 'mu'));
    assert.match((await place.make(['guard'])).stdout, new RegExp(`^images: {4}${IMAGE_BEFORE}$`, 'mu'));
  });

  test('only notes with GUARD_MODE=audit', async () => {
    const { scriptCode, stderr } = await place.make(['guard'], { GUARD_MODE: 'audit' });
    assert.equal(scriptCode, 0, stderr);
    const bindings = await list('validatingadmissionpolicybindings');
    assert.deepEqual(
      bindings.map(({ spec }) => spec['validationActions']),
      bindings.map(() => ['Audit']),
    );
  });

  test('is taken away again, twice if need be', async () => {
    for (const _ of [1, 2]) {
      const { scriptCode, stderr } = await place.make(['guard-remove']);
      assert.equal(scriptCode, 0, stderr);
      assert.deepEqual(await list('validatingadmissionpolicies'), []);
      assert.deepEqual(await list('validatingadmissionpolicybindings'), []);
    }
    assert.equal(await check(), 4);
  });

  test('the webhook is taken by the server as it stands, and goes again', async () => {
    for (const folder of ['webhook', 'webhook-before-1.28']) {
      const objects = await cluster.kubectl(['kustomize', `${place.folder}/openshift/guard/${folder}`]);
      await cluster.kubectl(['apply', '--filename=-'], { input: objects });
    }
    assert.equal((await list('validatingwebhookconfigurations')).length, 1);
    const { scriptCode, stderr } = await place.make(['guard-remove']);
    assert.equal(scriptCode, 0, stderr);
    assert.deepEqual(await list('validatingwebhookconfigurations'), []);
  });
});

function expressions(items: readonly object[]): string[][] {
  return items.map((item) =>
    (item as { spec: { validations: { expression: string }[] } }).spec.validations.map(
      ({ expression }) => expression,
    ),
  );
}

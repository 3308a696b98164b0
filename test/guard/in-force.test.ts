import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decide } from '../../src/guard/decide.ts';
import { fieldsOfRequest } from './review-of.ts';
import { ensureBinaries } from '../cluster/binaries.ts';
import { withoutControllers } from '../cluster/controllers.ts';
import { runCli } from '../support/run-cli.ts';
import {
  type GuardCluster,
  installPolicies,
  installWebhook,
  pods,
  PROJECT,
  removePolicies,
  removeWebhook,
  SETTINGS,
  startGuardCluster,
  until,
} from './guard-cluster.ts';
import { madePods, ordinaryObjects } from './made-pods.ts';
import { IMAGE, ownPods } from './pods.ts';
import { startWebhook, type WebhookProcess } from './webhook-process.ts';

/** `GUARD_PODS=10000` makes more of them, as `.ci/run` does. */
const PODS = Number(process.env['GUARD_PODS'] ?? 1000);
const ORDINARY = 200;
const AT_ONCE = 16;
const SEED = 20_261_121;
const skip = withoutControllers(await ensureBinaries(() => undefined));

describe('The guard', { skip }, () => {
  let guard: GuardCluster;
  before(async () => {
    guard = await startGuardCluster();
  });
  after(() => guard.stop());

  async function check(who: 'edit' | 'backup', args: readonly string[] = []) {
    return await runCli(['guard', 'check', '--kubeconfig', guard.kubeconfigs[who], '-n', PROJECT, ...args]);
  }

  async function passesUntouched(): Promise<void> {
    const refused: string[] = [];
    await inTurns(ordinaryObjects(ORDINARY, SEED), async ({ path, body }) => {
      const said = await guard.ask('edit', { method: 'POST', path: `${path}?dryRun=All`, body });
      if (said.status !== 201) refused.push(`${said.status} ${said.message} ${JSON.stringify(body)}`);
    });
    assert.deepEqual(refused, []);
  }

  async function ownPodsPass(): Promise<void> {
    for (const { name, pod } of ownPods(PROJECT)) {
      const said = await guard.ask('backup', { method: 'POST', path: pods(), body: pod });
      assert.equal(said.status, 201, `${name}: ${said.message}`);
      // What others do to pods that run: a label, a finalizer, the end.
      const path = `${pods()}/${pod.metadata.name}`;
      const patched = await guard.ask('admin', {
        method: 'PATCH',
        path,
        body: { metadata: { labels: { a: 'b' } } },
        contentType: 'application/merge-patch+json',
      });
      assert.equal(patched.status, 200, patched.message);
      assert.equal(
        (await guard.ask('backup', { method: 'DELETE', path: `${path}?gracePeriodSeconds=0` })).status,
        200,
      );
    }
  }

  async function agrees(count: number): Promise<string> {
    const outcomes: Record<string, number> = {};
    const wrong: string[] = [];
    await inTurns(madePods(count, SEED), async ({ who, pod }) => {
      const said = await guard.ask(who, { method: 'POST', path: `${pods()}?dryRun=All`, body: pod });
      // What the API server itself does not take never gets to the guard.
      const isInvalid = said.status === 422 || said.status === 400;
      const decision = decide(fieldsOfRequest(who, pod), SETTINGS);
      const expected = decision.kind === 'refused' ? decision.rule.id : undefined;
      const key = isInvalid ? 'invalid' : (expected ?? decision.kind);
      outcomes[key] = (outcomes[key] ?? 0) + 1;
      if (!isInvalid && (said.rule !== expected || (expected === undefined && said.status !== 201)))
        wrong.push(
          `${who}: ${expected ?? decision.kind}, and not ${said.status} ${said.message}: ${JSON.stringify(pod)}`,
        );
    });
    assert.deepEqual(wrong.slice(0, 5), []);
    const valid = count - (outcomes['invalid'] ?? 0);
    assert.ok(valid > count * 0.7, JSON.stringify(outcomes));
    assert.ok((outcomes['allowed'] ?? 0) > count * 0.02, JSON.stringify(outcomes));
    if (count >= 1000) assert.ok(Object.keys(outcomes).length >= 22, JSON.stringify(outcomes));
    return JSON.stringify(outcomes);
  }

  test('is not in force before it is installed, and check says so', async () => {
    const { code, stderr, stdout } = await check('edit');
    assert.equal(code, 4, stderr);
    assert.match(
      stderr,
      /^error: the guard is not in force: the cluster takes a pod with the name of a BackupEr pod/u,
    );
    assert.match(stdout, /^a Deployment whose pods have the ServiceAccount backuper +allowed$/mu);
  });

  describe('as a policy', () => {
    before(() => installPolicies(guard));
    after(() => removePolicies(guard));

    test("lets the project's own pods pass, of every tier", ownPodsPass);
    test(`leaves ${ORDINARY} ordinary pods and workloads alone`, passesUntouched);
    test(`agrees with the pure decision on ${PODS} pods`, async (t) => t.diagnostic(await agrees(PODS)));

    test("has nothing that the API server's own type check objects to", async () => {
      type Policy = {
        metadata: { name: string };
        status?: { typeChecking?: { expressionWarnings?: unknown } };
      };
      let policies: Policy[] = [];
      await until('the types are checked', async () => {
        const text = await guard.cluster.kubectl(['get', 'validatingadmissionpolicies', '--output=json']);
        policies = (JSON.parse(text) as { items: Policy[] }).items;
        return policies.every(({ status }) => status?.typeChecking !== undefined);
      });
      assert.equal(policies.length, 5);
      for (const { metadata, status } of policies)
        assert.equal(status?.typeChecking?.expressionWarnings, undefined, metadata.name);
    });

    test('is in force, for who may make the pods and for who may not', async () => {
      for (const [who, args] of [
        ['edit', []],
        ['backup', ['--image', IMAGE]],
      ] as const) {
        const { code, stderr, stdout } = await check(who, args);
        assert.equal(code, 0, stderr + stdout);
        assert.equal(stderr, 'the guard is in force\n');
      }
    });

    test("is of no use with another image than the backup's, and check says so", async () => {
      const { code, stderr } = await check('backup', [
        '--image',
        'registry.example.com/openshift-backup:new',
      ]);
      assert.equal(code, 4);
      assert.match(stderr, /refuses the backup's own pods too \(rule image\): run "make guard"/u);
    });

    test('is not in force while it only audits, and check says so', async () => {
      await installPolicies(guard, 'audit');
      const { code, stderr } = await check('edit');
      assert.equal(code, 4);
      assert.match(stderr, /not in force.*GUARD_MODE=audit/u);
    });

    test('check says where it cannot tell', async () => {
      const { code, stderr } = await runCli([
        'guard',
        'check',
        '--kubeconfig',
        guard.kubeconfigs.edit,
        '-n',
        'default',
        '-o',
        'json',
      ]);
      assert.equal(code, 4);
      assert.match(stderr, /can't be seen here: .*cannot create resource "pods"/u);
    });
  });

  describe('as a webhook', () => {
    let webhook: WebhookProcess;
    before(async () => {
      webhook = await startWebhook();
      await installWebhook(guard, webhook.port, webhook.authority.certificatePem);
    });
    after(async () => {
      await removeWebhook(guard);
      await webhook.stop();
    });

    test("lets the project's own pods pass, of every tier", ownPodsPass);
    test(`leaves ${ORDINARY} ordinary pods and workloads alone`, passesUntouched);
    test(`agrees with the pure decision on ${PODS} pods`, async (t) => t.diagnostic(await agrees(PODS)));

    test('is in force', async () => {
      const { code, stderr } = await check('backup', ['--image', IMAGE]);
      assert.equal(code, 0, stderr);
    });

    test('is out of force once it is stopped; ordinary pods are made all the same', async () => {
      webhook.child.kill('SIGTERM');
      const { code, stderr } = await webhook.ended;
      assert.equal(code, 0, stderr);
      await passesUntouched();
      const [own] = ownPods(PROJECT);
      const said = await guard.ask('backup', {
        method: 'POST',
        path: `${pods()}?dryRun=All`,
        body: own?.pod,
      });
      assert.equal(said.status, 500);
      assert.match(said.message, /failed calling webhook "pods\.guard\.openshift-backup\.io"/u);
      const checked = await check('edit');
      assert.equal(checked.code, 4);
      assert.match(checked.stderr, /^error: the guard is not in force: its webhook does not answer/u);
    });
  });

  describe('as a webhook that is asked about every pod', () => {
    let webhook: WebhookProcess;
    before(async () => {
      webhook = await startWebhook();
      await installWebhook(guard, webhook.port, webhook.authority.certificatePem, {
        isNarrow: false,
        failurePolicy: 'Ignore',
      });
    });
    after(async () => {
      await removeWebhook(guard);
      await webhook.stop();
    });

    test(`leaves ${ORDINARY} ordinary pods and workloads alone`, passesUntouched);
    test('agrees with the pure decision on 300 pods', async () => void (await agrees(300)));

    test('is out of force once it is gone, and check says so', async () => {
      webhook.child.kill('SIGKILL');
      await webhook.ended;
      await passesUntouched();
      const { code, stderr } = await check('edit');
      assert.equal(code, 4);
      assert.match(stderr, /^error: the guard is not in force: the cluster takes /u);
    });
  });
});

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RULES } from '../../src/guard/rules.ts';
import { requestOk } from '../cluster/api-client.ts';
import { ensureBinaries } from '../cluster/binaries.ts';
import { withoutControllers } from '../cluster/controllers.ts';
import { type Attack, attacks } from './attacks.ts';
import {
  type GuardCluster,
  installPolicies,
  installWebhook,
  removePolicies,
  removeWebhook,
  type Said,
  startGuardCluster,
  type Who,
} from './guard-cluster.ts';
import { startWebhook, type WebhookProcess } from './webhook-process.ts';

const skip = withoutControllers(await ensureBinaries(() => undefined));

describe('Every attack', { skip }, () => {
  let guard: GuardCluster;
  before(async () => {
    guard = await startGuardCluster();
  });
  after(() => guard.stop());

  test('is tried at least once against every rule', () => {
    const tried = new Set(attacks().map(({ rule }) => rule));
    assert.deepEqual(
      RULES.map(({ id }) => id).filter((id) => !tried.has(id)),
      [],
    );
  });

  // No row may be refused for another reason than the guard's.
  test('succeeds without the guard', async () => {
    const failures = await tryAll(
      guard,
      (said, { status }) => said.rule === undefined && status.includes(said.status),
    );
    assert.deepEqual(failures, []);
  });

  test('is refused by the policy, by the rule that is named', async () => {
    await installPolicies(guard);
    try {
      assert.deepEqual(await tryAll(guard, isRefusedByRule), []);
    } finally {
      await removePolicies(guard);
    }
  });

  test('is only noted while the policy audits', async () => {
    await installPolicies(guard, 'audit');
    const failures = await tryAll(
      guard,
      (said, { status }) => said.rule === undefined && status.includes(said.status),
    );
    await removePolicies(guard);
    assert.deepEqual(failures, []);
  });

  describe('and the webhook', () => {
    let webhook: WebhookProcess;
    before(async () => {
      webhook = await startWebhook();
      await installWebhook(guard, webhook.port, webhook.authority.certificatePem);
    });
    after(async () => {
      await removeWebhook(guard);
      await webhook.stop();
    });

    test('is refused by it, by the rule that is named', async () => {
      assert.deepEqual(await tryAll(guard, isRefusedByRule), []);
    });
  });
});

function isRefusedByRule(said: Said, { rule }: Attack): boolean {
  return said.status === 403 && said.rule === rule;
}

/** Tries every row by everybody who is to try it. @returns those that went otherwise */
async function tryAll(
  guard: GuardCluster,
  isRight: (said: Said, attack: Attack) => boolean,
): Promise<string[]> {
  const failures: string[] = [];
  let count = 0;
  for (const attack of attacks()) {
    for (const who of attack.by) {
      const said = await attempt(guard, attack, who);
      count += 1;
      if (!isRight(said, attack))
        failures.push(
          `${attack.name}, by ${who}: ${said.status} ${said.rule ?? ''} ${said.message.slice(0, 300)}`,
        );
    }
  }
  assert.ok(count >= 100, String(count));
  return failures;
}

/** The administrator makes what it takes; whatever was made goes again. */
async function attempt({ cluster, ask }: GuardCluster, attack: Attack, who: Who): Promise<Said> {
  const paths: string[] = [];
  const names: string[] = [];
  for (const { path, body } of attack.before ?? []) {
    await requestOk(cluster.api, 'POST', path, { text: JSON.stringify(body) });
    names.push(String(body.metadata['name']));
    paths.push(`${path}/${String(body.metadata['name'])}`);
  }
  const sent = attack.request(names);
  const said = await ask(who, sent);
  const made = (sent.body as { metadata?: { name?: string } } | undefined)?.metadata?.name;
  if (said.status === 201 && !sent.path.endsWith('/token'))
    paths.push(`${sent.path}/${made === '' ? '' : (made ?? '')}`);
  for (const path of paths)
    await requestOk(cluster.api, 'DELETE', `${path}?gracePeriodSeconds=0&propagationPolicy=Background`);
  return said;
}

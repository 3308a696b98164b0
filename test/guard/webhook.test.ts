import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decide } from '../../src/guard/decide.ts';
import { ruleIn } from '../../src/guard/rules.ts';
import { createAuthority } from '../cluster/certificates.ts';
import { runCli } from '../support/run-cli.ts';
import { askWebhook, type Reply, reviewIn, type Target, targetOf } from './ask-webhook.ts';
import { SETTINGS } from './guard-cluster.ts';
import { madePods } from './made-pods.ts';
import { ownPod } from './pods.ts';
import { fieldsOfRequest, reviewOf } from './review-of.ts';
import { startWebhook, type WebhookProcess } from './webhook-process.ts';

const MEBIBYTE = 1024 * 1024;
const JSON_TYPE = { 'content-type': 'application/json' };

/** A review of the tenant who makes the real pod: the rule `creator` refuses it. */
function forbidden(uid = 'one'): string {
  return reviewOf(fieldsOfRequest('edit', ownPod('shop')), uid);
}

function without(path: string, value?: unknown): string {
  const review = JSON.parse(forbidden()) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce((found, key) => found[key] as Record<string, unknown>, review);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return JSON.stringify(review);
}

describe('The webhook', () => {
  let webhook: WebhookProcess;
  let target: Target;
  before(async () => {
    webhook = await startWebhook();
    target = targetOf(webhook.port, webhook.authority.certificatePem);
  });
  after(async () => {
    target.agent.destroy();
    await webhook.stop();
  });

  describe('refuses to answer, and goes on,', () => {
    const rows: readonly (readonly [
      name: string,
      status: number,
      says: RegExp,
      body: string | Buffer,
      headers?: Record<string, string>,
    ])[] = [
      ['nothing', 400, /Unexpected end of JSON/u, ''],
      ['half a text', 400, /no AdmissionReview/u, forbidden().slice(0, 500)],
      ['a null', 400, /its kind is another one/u, 'null'],
      ['a list', 400, /its kind is another one/u, '[]'],
      ['bytes that are no text', 400, /no AdmissionReview/u, Buffer.from([0xff, 0xfe, 0x00])],
      ['another kind', 400, /its kind is another one/u, without('kind', 'Pod')],
      [
        'another version',
        400,
        /its apiVersion is another one/u,
        without('apiVersion', 'admission.k8s.io/v1beta1'),
      ],
      ['no request', 400, /request\.uid is missing/u, without('request')],
      ['a request that is null', 400, /request\.uid is missing/u, without('request', null)],
      ['no uid', 400, /request\.uid is missing/u, without('request.uid')],
      ['a uid that is a number', 400, /request\.uid is missing/u, without('request.uid', 1)],
      ['a uid without end', 400, /request\.uid is missing/u, without('request.uid', 'u'.repeat(10_000))],
      ['no operation', 400, /request\.operation is missing/u, without('request.operation')],
      ['no resource', 400, /request\.resource is missing/u, without('request.resource')],
      ['lists in lists', 400, /nested deeper than 500 levels/u, '['.repeat(1_000_000)],
      [
        'an object as deep',
        400,
        /nested deeper/u,
        without('request.object', JSON.parse(`${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`)),
      ],
      ['no content type', 415, /application\/json/u, forbidden(), {}],
      ['YAML', 415, /application\/json/u, forbidden(), { 'content-type': 'application/yaml' }],
      [
        'a type that only begins alike',
        415,
        /application\/json/u,
        forbidden(),
        { 'content-type': 'application/json-patch+json' },
      ],
      ['4 MiB of nothing', 413, /longer than/u, ' '.repeat(4 * MEBIBYTE)],
    ];
    for (const [name, status, says, body, headers = JSON_TYPE] of rows) {
      test(name, async () => {
        const reply = await askWebhook(target, { body, headers });
        assert.equal(reply.status, status, reply.text);
        assert.match(reply.text, says);
        assert.match(reply.text, /^[^\n]+\n$/u);
        assert.equal((await askWebhook(target, { method: 'GET', path: '/livez' })).status, 200);
      });
    }
  });

  describe('answers', () => {
    const rows: readonly (readonly [name: string, body: string, allowed: boolean, says?: RegExp])[] = [
      [
        'an unknown kind: it is none of its business',
        without('request.resource', { group: 'x.io', resource: 'pods' }),
        true,
      ],
      ['an unknown operation likewise', without('request.operation', 'MERGE'), true],
      ['a deletion', without('request.operation', 'DELETE'), true],
      ['no object: that is no pod', without('request.object'), false, /the review has no object/u],
      ['an object that is null', without('request.object', null), false, /the review has no object/u],
      ['an object that is a text', without('request.object', 'pod'), false, /the review has no object/u],
      ['a pod without a spec, of the prefix', without('request.object.spec'), false, /rule creator/u],
      ['containers that are no list', without('request.object.spec.containers', 'x'), false, /rule creator/u],
      ['a user that is missing', without('request.userInfo'), false, /rule creator/u],
      ['fields that nobody knows', without('request.later', { a: [1] }), false, /rule creator/u],
      [
        '__proto__ as a key',
        forbidden().replace(
          '"serviceAccountName":"backuper"',
          '"__proto__":{"serviceAccountName":"default"},"serviceAccountName":"backuper"',
        ),
        false,
        /rule creator/u,
      ],
    ];
    for (const [name, body, allowed, says] of rows) {
      test(name, async () => {
        const reply = await askWebhook(target, { body });
        assert.equal(reply.status, 200, reply.text);
        assert.equal(reply.headers['content-type'], 'application/json');
        const { apiVersion, kind, response } = reviewIn(reply);
        assert.deepEqual([apiVersion, kind, response.uid], ['admission.k8s.io/v1', 'AdmissionReview', 'one']);
        assert.equal(response.allowed, allowed);
        if (says) assert.match(response.status?.message ?? '', says);
        else assert.equal(response.status, undefined);
      });
    }

    test('a pod that is filled up until nobody reads it: it is refused, and not left to the failure policy', async () => {
      const pod = ownPod('shop');
      pod.metadata.annotations['padding'] = '<'.repeat(3 * MEBIBYTE);
      const { response } = reviewIn(
        await askWebhook(target, { body: reviewOf(fieldsOfRequest('edit', pod), 'long-1') }),
      );
      assert.deepEqual([response.uid, response.allowed, response.status?.code], ['long-1', false, 413]);
    });

    test('a review just below the limit', async () => {
      const pod = ownPod('shop');
      const short = reviewOf(fieldsOfRequest('backup', pod), 'x').length;
      pod.metadata.annotations['padding'] = 'x'.repeat(3 * MEBIBYTE - short - 20);
      const { response } = reviewIn(
        await askWebhook(target, { body: reviewOf(fieldsOfRequest('backup', pod), 'x') }),
      );
      assert.equal(response.allowed, true, response.status?.message);
    });
  });

  for (const [method, path, status, allow] of [
    ['GET', '/validate', 405, 'POST'],
    ['PUT', '/validate', 405, 'POST'],
    ['POST', '/livez', 405, 'GET, HEAD'],
    ['GET', '/', 404, undefined],
    ['POST', '/validate/', 404, undefined],
    ['GET', '/../etc/passwd', 404, undefined],
    ['GET', '/readyz', 200, undefined],
  ] as const) {
    test(`answers ${method} ${path} with ${status}`, async () => {
      const reply = await askWebhook(target, { method, path, headers: {} });
      assert.deepEqual([reply.status, reply.headers['allow']], [status, allow]);
    });
  }

  test('agrees with the pure decision on 10000 pods', async () => {
    const made = madePods(10_000, 8);
    const replies: Reply[] = [];
    for (let index = 0; index < made.length; index += 100) {
      const batch = made
        .slice(index, index + 100)
        .map(({ who, pod }) =>
          askWebhook(target, { body: reviewOf(fieldsOfRequest(who, pod), `uid-${index}`) }),
        );
      replies.push(...(await Promise.all(batch)));
    }
    const wrong = made.flatMap(({ who, pod }, index) => {
      const decision = decide(fieldsOfRequest(who, pod), SETTINGS);
      const expected = decision.kind === 'refused' ? decision.rule.id : undefined;
      const { allowed, status } = reviewIn(
        replies[index] ?? { status: 0, text: '{}', headers: {}, serial: '' },
      ).response;
      return allowed === (expected === undefined) && ruleIn(status?.message ?? '') === expected
        ? []
        : [index];
    });
    assert.deepEqual(wrong, []);
  });

  test('counts what it has said', async () => {
    const metrics = async (): Promise<(line: string) => number> => {
      const { text } = await askWebhook(target, { method: 'GET', path: '/metrics', headers: {} });
      assert.match(text, /^# TYPE openshift_backup_guard_reviews_total counter$/mu);
      return (line) => Number(text.split(`\nopenshift_backup_guard_${line} `)[1]?.split('\n')[0]);
    };
    const earlier = await metrics();
    await askWebhook(target, { body: forbidden() });
    await askWebhook(target, { body: '' });
    const later = await metrics();
    for (const line of [
      'reviews_total{outcome="refused"}',
      'reviews_total{outcome="malformed"}',
      'refusals_total{rule="creator"}',
    ])
      assert.equal(later(line) - earlier(line), 1, line);
    const expiry =
      new X509Certificate(await readFile(webhook.files.certificate)).validToDate.getTime() / 1000;
    assert.equal(later('certificate_expiry_timestamp_seconds{component="webhook"}'), expiry);
  });

  test('gives up on who sends nothing more', async () => {
    const startMs = Date.now();
    const reply = await askWebhook(target, {
      body: '{',
      headers: { ...JSON_TYPE, 'content-length': '1000' },
    }).catch((error: unknown) => error);
    assert.ok(reply instanceof Error || (reply as Reply).status === 408, String(reply));
    assert.ok(Date.now() - startMs < 8000);
  });
});

describe('The certificate of the webhook', () => {
  test('is swapped under 200 requests a second without an error', async (t) => {
    const webhook = await startWebhook();
    t.after(() => webhook.stop());
    const kept = targetOf(webhook.port, webhook.authority.certificatePem);
    const fresh = targetOf(webhook.port, webhook.authority.certificatePem, false);
    const durations: number[] = [];
    const serials = new Set<string>();
    const failures: string[] = [];
    const pending: Promise<void>[] = [];
    const one = async (index: number): Promise<void> => {
      const startMs = performance.now();
      // Every fifth on a connection of its own, which gets the certificate of the moment.
      const reply = await askWebhook(index % 5 === 0 ? fresh : kept, { body: forbidden(`uid-${index}`) });
      durations.push(performance.now() - startMs);
      serials.add(reply.serial);
      const { uid, allowed } = reviewIn(reply).response;
      if (uid !== `uid-${index}` || allowed) failures.push(reply.text);
    };
    const SECONDS = 5;
    const beginMs = performance.now();
    const swaps = (async () => {
      for (let swap = 0; swap < 4; swap += 1) {
        await sleep(1000);
        await webhook.renew();
      }
    })();
    for (let index = 0; index < 200 * SECONDS; index += 1) {
      const waitMs = beginMs + index * 5 - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      pending.push(one(index).catch((error: unknown) => void failures.push(String(error))));
    }
    await Promise.all([...pending, swaps]);
    assert.deepEqual(failures, []);
    assert.ok(serials.size >= 4, `${serials.size} certificates were seen`);
    const sorted = durations.toSorted((a, b) => a - b);
    const at = (share: number): string => `${(sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1)} ms`;
    // A fifth of what an API server waits, on a machine that does other things too.
    assert.ok((sorted[Math.floor(sorted.length * 0.99)] ?? Infinity) < 1000, at(0.99));
    t.diagnostic(
      `${sorted.length} requests, ${serials.size} certificates: median ${at(0.5)}, p99 ${at(0.99)}`,
    );
    kept.agent.destroy();
  });

  test('stays the last good one while the new one is of no use, and says so once', async (t) => {
    const webhook = await startWebhook();
    t.after(() => webhook.stop());
    const target = targetOf(webhook.port, webhook.authority.certificatePem, false);
    const { serial } = await askWebhook(target, { body: forbidden() });
    await writeFile(webhook.files.key, createAuthority('other').privateKeyPem);
    assert.ok(await webhook.said('The new certificate is of no use'));
    assert.equal((await askWebhook(target, { body: forbidden() })).serial, serial);
    await webhook.renew();
    assert.ok(await webhook.said('The certificate has changed'));
    assert.notEqual((await askWebhook(target, { body: forbidden() })).serial, serial);
  });

  test('is read again when a kubelet swaps the folder behind its link', async (t) => {
    const webhook = await startWebhook();
    t.after(() => webhook.stop());
    const issued = webhook.authority.issue({ commonName: 'new', usage: 'server', addresses: ['127.0.0.1'] });
    await writeFile(`${webhook.files.key}.new`, issued.privateKeyPem);
    await writeFile(`${webhook.files.certificate}.new`, issued.certificatePem);
    for (const file of [webhook.files.key, webhook.files.certificate]) {
      await rm(file);
      await symlink(`${file}.new`, file);
    }
    assert.ok(await webhook.said('The certificate has changed'));
  });

  test('that has expired makes it unready, not dead', async (t) => {
    const webhook = await startWebhook();
    t.after(() => webhook.stop());
    await webhook.renew(new Date(Date.now() - 1000));
    assert.ok(await webhook.said('The certificate has expired'));
    const trusting = targetOf(webhook.port, webhook.authority.certificatePem, false);
    await assert.rejects(askWebhook(trusting, { body: forbidden() }), /certificate has expired/u);
    // As a kubelet asks, who doesn't look at certificates.
    trusting.agent.options.rejectUnauthorized = false;
    assert.equal((await askWebhook(trusting, { method: 'GET', path: '/livez', headers: {} })).status, 200);
    const ready = await askWebhook(trusting, { method: 'GET', path: '/readyz', headers: {} });
    assert.deepEqual([ready.status, /has expired at/u.test(ready.text)], [503, true]);
    await webhook.renew();
    assert.ok(await webhook.said('The certificate has changed'));
    assert.equal((await askWebhook(trusting, { method: 'GET', path: '/readyz', headers: {} })).status, 200);
  });

  for (const [name, args] of [
    ['is missing', ['--tls-cert', '/nonexistent/tls.crt', '--tls-key', '/nonexistent/tls.key']],
    ['is none', ['--tls-cert', '/etc/hostname', '--tls-key', '/etc/hostname']],
  ] as const) {
    test(`${name}: the server says so and ends`, async () => {
      const { code, stderr } = await runCli(['guard', 'serve', '--port', '0', ...args]);
      assert.equal(code, 4, stderr);
      assert.match(stderr, /^error: The certificate .* can't be used: .*PEM files.*\n$/u);
    });
  }
});

test('A server that is stopped answers what is on its way, takes no more, and ends well', async (t) => {
  const webhook = await startWebhook();
  t.after(() => webhook.stop());
  const target = targetOf(webhook.port, webhook.authority.certificatePem);
  assert.equal((await askWebhook(target, { body: forbidden() })).status, 200);
  webhook.child.kill('SIGTERM');
  // A Service sends requests for a while yet.
  const deadlineMs = Date.now() + 2000;
  let ready = 200;
  while (ready === 200 && Date.now() < deadlineMs)
    ready = (await askWebhook(target, { method: 'GET', path: '/readyz', headers: {} })).status;
  assert.equal(ready, 503);
  const late = await askWebhook(target, { body: forbidden() });
  assert.deepEqual([late.status, late.headers['connection']], [200, 'close']);
  const { code, stderr } = await webhook.ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /"Stopped"/u);
  target.agent.destroy();
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { planHooks } from '../../../src/volumes/quiesce/hooks.ts';
import { pod } from './objects.ts';

const OWN = 'openshift-backup.io/';
const PRE = `${OWN}pre-hook`;
const POST = `${OWN}post-hook`;
const VELERO_PRE = 'pre.hook.backup.velero.io/';
const VELERO_POST = 'post.hook.backup.velero.io/';
const IS_COMMAND = { container: 'app', timeoutSeconds: 30, mayFail: false };
const WITHOUT_VELERO = { veleroHooks: false };
const WITH_VELERO = { veleroHooks: true };

describe('planHooks', () => {
  const understood = [
    [
      'a list',
      { [PRE]: '["psql","-c","CHECKPOINT"]' },
      { ...IS_COMMAND, command: ['psql', '-c', 'CHECKPOINT'] },
    ],
    ['a word', { [PRE]: '/usr/bin/sync' }, { ...IS_COMMAND, command: ['/usr/bin/sync'] }],
    [
      'texts that a shell would read',
      { [PRE]: '["a b","$(x)",""]' },
      { ...IS_COMMAND, command: ['a b', '$(x)', ''] },
    ],
    [
      'another container',
      { [PRE]: 'sync', [`${OWN}hook-container`]: 'proxy' },
      { ...IS_COMMAND, container: 'proxy', command: ['sync'] },
    ],
    [
      'a sidecar',
      { [PRE]: 'sync', [`${OWN}hook-container`]: 'sidecar' },
      { ...IS_COMMAND, container: 'sidecar', command: ['sync'] },
    ],
    [
      'a time limit',
      { [PRE]: 'sync', [`${OWN}hook-timeout`]: '3600' },
      { ...IS_COMMAND, timeoutSeconds: 3600, command: ['sync'] },
    ],
  ] as const;
  for (const [name, annotations, pre] of understood) {
    test(`reads ${name}`, () => {
      const plan = planHooks([pod({ annotations })], 'data', WITHOUT_VELERO);
      assert.deepEqual(plan, { kind: 'hooks', hooks: [{ pod: 'web-1', pre, post: undefined }], without: [] });
    });
  }

  const refused = [
    ['an empty text', { [PRE]: '' }, /web-1.*pre-hook is no command.*JSON array/u],
    ['a sentence', { [PRE]: 'psql -c CHECKPOINT' }, /no shell reads it/u],
    ['a list that is cut off', { [POST]: '["psql"' }, /post-hook is no command/u],
    ['an empty list', { [PRE]: '[]' }, /no command/u],
    ['a list without a program', { [PRE]: '["","x"]' }, /no command/u],
    ['a list of numbers', { [PRE]: '["kill", 1]' }, /no command/u],
    ['a NUL in a text', { [PRE]: '["a\\u0000b"]' }, /no command/u],
    ['an object', { [PRE]: '{"command":"x"}' }, /no command/u],
    [
      'a container that is not there',
      { [PRE]: 'x', [`${OWN}hook-container`]: 'db' },
      /"db".*proxy, app, sidecar/u,
    ],
    ['an init container', { [PRE]: 'x', [`${OWN}hook-container`]: 'prepare' }, /"prepare"/u],
    ...['0', '-1', '1.5', '30s', '3601', '1e3', ''].map(
      (text) =>
        [
          `a time limit of "${text}"`,
          { [PRE]: 'x', [`${OWN}hook-timeout`]: text },
          /hook-timeout is/u,
        ] as const,
    ),
  ] as const;
  for (const [name, annotations, message] of refused) {
    test(`refuses ${name}`, () => {
      const plan = planHooks([pod({ annotations })], 'data', WITHOUT_VELERO);
      assert.ok(plan.kind === 'declined');
      assert.equal(plan.reason, 'bad-hook');
      assert.match(plan.message, message);
      assert.doesNotMatch(plan.message, /\n/u);
    });
  }

  const velero = [
    [
      'the first container, though another one mounts the claim',
      { [`${VELERO_PRE}command`]: 'sync' },
      { container: 'proxy', timeoutSeconds: 30, mayFail: false },
    ],
    [
      'the container that is named',
      { [`${VELERO_PRE}command`]: 'sync', [`${VELERO_PRE}container`]: 'app' },
      { container: 'app', timeoutSeconds: 30, mayFail: false },
    ],
    [
      'a duration',
      { [`${VELERO_PRE}command`]: 'sync', [`${VELERO_PRE}timeout`]: '1m30.5s' },
      { container: 'proxy', timeoutSeconds: 91, mayFail: false },
    ],
    [
      'that it may fail',
      { [`${VELERO_PRE}command`]: 'sync', [`${VELERO_PRE}on-error`]: 'Continue' },
      { container: 'proxy', timeoutSeconds: 30, mayFail: true },
    ],
    [
      'the names without a phase',
      { 'hook.backup.velero.io/command': 'sync' },
      { container: 'proxy', timeoutSeconds: 30, mayFail: false },
    ],
  ] as const;
  for (const [name, annotations, rest] of velero) {
    test(`takes from Velero ${name}`, () => {
      const pods = [pod({ annotations })];
      const plan = planHooks(pods, 'data', WITH_VELERO);
      const hooks = [{ pod: 'web-1', pre: { ...rest, command: ['sync'] }, post: undefined }];
      assert.deepEqual(plan, { kind: 'hooks', hooks, without: [] });
      assert.equal(planHooks(pods, 'data', WITHOUT_VELERO).kind, 'declined');
    });
  }

  for (const [key, text] of [
    ['timeout', '90'],
    ['timeout', '2h'],
    ['on-error', 'continue'],
    ['command', '["x"'],
    ['container', 'db'],
  ] as const) {
    test(`refuses Velero's ${key} ${text}`, () => {
      const annotations = { [`${VELERO_POST}command`]: 'sync', [`${VELERO_POST}${key}`]: text };
      const plan = planHooks([pod({ annotations })], 'data', WITH_VELERO);
      assert.ok(plan.kind === 'declined');
      assert.match(plan.message, new RegExp(`post\\.hook\\.backup\\.velero\\.io/${key}`, 'u'));
    });
  }

  test("prefers its own hooks to Velero's, for both phases", () => {
    const annotations = { [POST]: 'own', [`${VELERO_PRE}command`]: 'foreign' };
    const plan = planHooks([pod({ annotations })], 'data', WITH_VELERO);
    assert.ok(plan.kind === 'hooks');
    assert.deepEqual([plan.hooks[0]?.pre, plan.hooks[0]?.post?.command], [undefined, ['own']]);
  });

  test('asks only pods that run and mount the claim, in the order of their names', () => {
    const annotations = { [PRE]: 'x' };
    const others = [
      pod({ name: 'a', annotations, phase: 'Pending' }),
      pod({ name: 'b', annotations, phase: 'Succeeded' }),
      pod({ name: 'c', annotations, isGoing: true }),
      pod({ name: 'd', annotations, claim: 'other' }),
      pod({ name: 'e', annotations, labels: { 'app.kubernetes.io/name': 'backuper' } }),
    ];
    const users = ['z', 'y', 'x'].map((name) => pod({ name, annotations }));
    const plan = planHooks([...others, ...users], 'data', WITHOUT_VELERO);
    assert.ok(plan.kind === 'hooks');
    assert.deepEqual(
      plan.hooks.map((hook) => hook.pod),
      ['x', 'y', 'z'],
    );
    assert.deepEqual(planHooks(others, 'data', WITHOUT_VELERO), { kind: 'hooks', hooks: [], without: [] });
  });

  test('knows the claim that was made for a pod alone', () => {
    const plan = planHooks([pod({ annotations: { [PRE]: 'x' } })], 'web-1-scratch', WITHOUT_VELERO);
    assert.ok(plan.kind === 'hooks');
    assert.equal(plan.hooks[0]?.pre?.container, 'proxy', 'the first, as none mounts it');
  });

  test('names pods without hooks beside one that has them, and declines when none has', () => {
    const bare = [pod({ name: 'bare' }), pod({ name: 'bald' })];
    const some = planHooks([...bare, pod({ annotations: { [PRE]: 'x' } })], 'data', WITHOUT_VELERO);
    assert.ok(some.kind === 'hooks');
    assert.deepEqual(some.without, ['bald', 'bare']);
    const none = planHooks(bare, 'data', WITHOUT_VELERO);
    assert.ok(none.kind === 'declined');
    assert.equal(none.reason, 'hook-missing');
    assert.match(none.message, /bald, bare.*pre-hook/u);
  });

  test('any text is a command of texts, or a named refusal', () => {
    const anyText = fc.oneof(
      fc.string(),
      fc.json(),
      fc.array(fc.string()).map((list) => JSON.stringify(list)),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const plan = planHooks([pod({ annotations: { [PRE]: text } })], 'data', WITHOUT_VELERO);
        if (plan.kind === 'declined') return plan.reason === 'bad-hook';
        const { command = [] } = plan.hooks[0]?.pre ?? {};
        return (
          command.length > 0 &&
          (command[0] === text || JSON.stringify(command) === JSON.stringify(JSON.parse(text)))
        );
      }),
    );
  });
});

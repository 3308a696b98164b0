import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import { driftText } from '../../src/cli/drift-text.ts';
import { ChangeList } from '../../src/drift/change-list.ts';
import { compareArchives, type DriftQuestion } from '../../src/drift/compare-archives.ts';
import type { Drift, FieldChange, ObjectChange } from '../../src/drift/drift.ts';
import { ignoreFileOf } from '../../src/drift/ignore-file.ts';
import { type ObjectPatch, objectPatch } from '../../src/drift/json-patch.ts';
import { archiveOf, manifestOf, temporaryFolder, writeArchive } from '../archive/zip-fixtures.ts';
import { type Night, stored, writeNightOf } from './nights.ts';

const FORMATS = ['text', 'json', 'patch', 'markdown', 'name'] as const;
const NONE: Omit<DriftQuestion, 'before' | 'after'> = {
  projects: [],
  types: [],
  rules: [],
  findsRenames: true,
  isForced: false,
};

type Output = Readonly<Record<(typeof FORMATS)[number] | 'ignores', string>>;

async function outputOf(before: string, after: string): Promise<Output & { readonly drift: Drift }> {
  const patches = new Map<ObjectChange, ObjectPatch>();
  const drift = await compareArchives({
    ...NONE,
    before,
    after,
    onChange: (change, old, present) => {
      if (old !== undefined && present !== undefined) patches.set(change, objectPatch(change, old, present));
    },
  });
  const { stdout, stderr } = process;
  const context = { stdout, stderr, environment: { TERM: 'dumb' }, signal: new AbortController().signal };
  const printed = FORMATS.map((output) => [
    output,
    driftText(drift, { process: context, output }, new Set(), patches),
  ]);
  const ignores = ignoreFileOf(drift.changes, '2026-11-20');
  return { ...(Object.fromEntries([...printed, ['ignores', ignores]]) as Output), drift };
}

async function outputOfNights(
  dir: string,
  before: Night,
  after: Night,
): Promise<Awaited<ReturnType<typeof outputOf>>> {
  return await outputOf(await writeNightOf(dir, 19, before), await writeNightOf(dir, 20, after));
}

function nightOf(spec: unknown): Night {
  return { objects: [stored('Deployment', 'web', { spec })] };
}

function verbsOf(step: number): Night {
  const verbs = Array.from({ length: 10_000 }, (_value, index) => (index % step === 0 ? 'same' : 'other'));
  return { objects: [stored('ClusterRole', 'a', { rules: [{ verbs }] })] };
}

function largeObjects(prefix: string): Night {
  const data = { a: 'line\n'.repeat(200_000), b: '1', c: '2' };
  return {
    objects: Array.from({ length: 8 }, (_value, index) =>
      stored('ConfigMap', `${prefix}-${index}`, { data }),
    ),
  };
}

/** Archives of one ConfigMap with this field, byte for byte. */
async function rawNight(dir: string, day: number, spec: string): Promise<string> {
  const item = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"shop"},"spec":${spec}}`;
  const path = 'shop/configmaps.json';
  const list = Buffer.from(
    `{\n  "apiVersion": "v1",\n  "items": [\n    ${item}\n  ],\n  "kind": "List"\n}\n`,
  );
  const files = [{ path, sha256: hash('sha256', list), sizeBytes: list.length, objectCount: 1 }];
  const startedAt = `2026-11-${day}T00:15:00.000Z`;
  const bytes = await archiveOf({ [path]: list }, manifestOf({}, { files, startedAt }));
  return await writeArchive(dir, `openshift-backup-202611${day}T001500Z.zip`, bytes);
}

/** Values of a Deployment with a secret somewhere in them, for which `secret` stands. */
const ODD_PLACES: Readonly<Record<string, (secret: string) => unknown>> = {
  'a number': (secret) => ({ password: Number(secret) }),
  'a list of its own': (secret) => ({ password: [secret] }),
  'the value of a field': (secret) => ({ apiKey: { value: secret } }),
  'the next argument': (secret) => ({ args: ['run', '--db-password', secret] }),
  'a script': (secret) => ({ command: ['sh', '-c', `export DB_PASSWORD=${secret}; run`] }),
  'a properties file': (secret) => ({ text: `a=1\ndb.password=${secret}\nb=2\n` }),
  'a YAML file': (secret) => ({ text: `spring:\n  datasource:\n    password: "${secret}"\n` }),
  'a JSON text': (secret) => ({ text: `{"clientSecret": "${secret}"}` }),
  'an XML file': (secret) => ({ text: `<a><db.password>${secret}</db.password></a>` }),
  'a connection string': (secret) => ({ text: `Server=db;User Id=sa;Password=${secret};` }),
  'a key': (secret) => ({ [`https://user:${secret}@host/`]: 'a' }),
  'the name of an element': (secret) => ({ list: [{ name: `https://user:${secret}@host/`, a: 1 }] }),
  'a netrc file': (secret) => ({ text: `machine host login me password ${secret}` }),
  'a pull secret': (secret) => ({ text: `{"auths":{"host":{"auth":"${secret}"}}}` }),
  'a token of OpenShift': (secret) => ({ text: `oc login x sha256~${'a'.repeat(35)}${secret}` }),
  'a flag of curl': (secret) => ({ text: `curl -s -u admin:${secret} http://host` }),
};

describe('a secret in an odd place is in no output:', () => {
  for (const [place, valueOf] of Object.entries(ODD_PLACES)) {
    test(place, async (context) => {
      const dir = await temporaryFolder(context);
      const [old, present] = [nightOf(valueOf('7741001')), nightOf(valueOf('7741002'))];
      const none = nightOf({ a: 1 });
      for (const [before, after] of [
        [old, present],
        [none, present],
        [old, none],
      ] as const) {
        const { drift, ...output } = await outputOfNights(dir, before, after);
        assert.equal(drift.changes.length, 1);
        for (const [format, text] of Object.entries(output)) assert.doesNotMatch(text, /7741/u, format);
      }
    });
  }

  const SHOWN = [
    'password: ${DB_PASSWORD}',
    'tokenTTL: 3600',
    'secretName: web-tls',
    'password-file: a',
    'token: /var/run/token',
    'password: ""',
    'curl -s http://host:8080',
  ];
  for (const text of SHOWN) {
    test(`but ${text} is shown`, async (context) => {
      const dir = await temporaryFolder(context);
      const { drift } = await outputOfNights(dir, nightOf({ line: 'none' }), nightOf({ line: text }));
      assert.equal(drift.changes[0]?.fields[0]?.after, text);
    });
  }
});

describe('an object of an archive', () => {
  for (const [what, spec] of [
    ['nested too deeply', '['.repeat(9990) + ']'.repeat(9990)],
    ['that is not JSON', String.raw`"\qhunter2"`],
  ] as const) {
    test(`${what} is named damaged, and not quoted`, async (context) => {
      const dir = await temporaryFolder(context);
      const [before, after] = [await rawNight(dir, 19, '1'), await rawNight(dir, 20, spec)];
      await assert.rejects(outputOf(before, after), {
        name: 'KnownError',
        kind: 'failed',
        message:
          /^An archive holds an object that is not JSON, or nested too deeply: check it with "[^\n]+"$/u,
      });
    });
  }

  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    test(`nested as deeply as one can be, in ${open}, is compared`, async (context) => {
      const dir = await temporaryFolder(context);
      const [before, after] = ['1', '2'].map((value) => open.repeat(990) + value + close.repeat(990));
      const paths = [await rawNight(dir, 19, before ?? ''), await rawNight(dir, 20, after ?? '')] as const;
      const { drift } = await outputOf(...paths);
      assert.equal(drift.changes[0]?.fields.length, 1);
    });
  }

  test('with one long line is shown in part', async (context) => {
    const dir = await temporaryFolder(context);
    const { text } = await outputOfNights(
      dir,
      nightOf({
        file: `${'a'.repeat(1_000_000)}
`,
      }),
      nightOf({
        file: `${'b'.repeat(1_000_000)}
`,
      }),
    );
    assert.ok(text.length < 5000, String(text.length));
    assert.match(text, /-a+… \(1,000,001 characters\)$/mu);
  });

  test('with many small changes counts for the memory that it takes', () => {
    const list = new ChangeList();
    const path = [{ key: 'data' }, { key: 'a' }];
    const field: FieldChange = { path, op: 'changed', before: '1', after: '2', severity: 'low' };
    const fields = Array.from({ length: 60_000 }, () => field);
    const change = {
      type: 'configmaps',
      kind: 'ConfigMap',
      change: 'changed',
      severity: 'low',
      fields,
    } as const;
    const kept = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => list.add({ ...change, name }));
    assert.deepEqual([kept.filter(Boolean).length, list.omittedCount], [5, 1]);
  });
});

test('A long list in which most has changed takes no time that grows with its square', async (context) => {
  const dir = await temporaryFolder(context);
  const startedMs = performance.now();
  const { drift } = await outputOfNights(dir, verbsOf(1), verbsOf(2));
  assert.equal(drift.changes[0]?.fields.length, 10_000);
  assert.ok(performance.now() - startedMs < 15_000);
});

test('Large objects that went and came are not held to look for new names', async (context) => {
  const dir = await temporaryFolder(context);
  const { drift } = await outputOfNights(dir, largeObjects('old'), largeObjects('new'));
  assert.deepEqual([...new Set(drift.changes.map(({ change }) => change))].toSorted(), ['added', 'removed']);
});

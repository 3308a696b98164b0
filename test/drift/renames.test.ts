import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compareArchives } from '../../src/drift/compare-archives.ts';
import { pathText } from '../../src/drift/display.ts';
import { temporaryFolder } from '../archive/zip-fixtures.ts';
import { type Stored, stored, writeNightOf } from './nights.ts';

function deployment(name: string, image = 'web:1', project = 'shop'): Stored {
  const labels = { app: name, 'app.kubernetes.io/name': name };
  const container = {
    name: 'web',
    image,
    ports: [{ containerPort: 80 }],
    env: [{ name: 'HOST', value: `${name}.example.com` }],
  };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  const metadata = { name, namespace: project, labels };
  return {
    ...stored(
      'Deployment',
      name,
      { spec: { replicas: 1, selector: { matchLabels: labels }, template } },
      project,
    ),
    metadata,
  };
}

function settings(name: string, lines: readonly string[]): Stored {
  return stored('ConfigMap', name, { data: { text: lines.join('\n') } });
}

const LINES = Array.from({ length: 20 }, (_value, index) => `setting.${index}=${index}`);

/** `found`: what is told, in order of names. */
const CASES: readonly {
  readonly what: string;
  readonly before: readonly Stored[];
  readonly after: readonly Stored[];
  readonly found: readonly string[];
}[] = [
  {
    what: 'a name',
    before: [deployment('web')],
    after: [deployment('shop-web')],
    found: ['renamed web to shop-web: HOST'],
  },
  {
    what: 'a name and an image',
    before: [deployment('web')],
    after: [deployment('site', 'web:2')],
    found: ['renamed web to site: HOST image'],
  },
  {
    what: 'a short name that is in every word',
    before: [deployment('e')],
    after: [deployment('a')],
    found: ['renamed e to a: HOST'],
  },
  {
    what: 'a name with characters of expressions',
    before: [deployment('a.b')],
    after: [deployment('a.c')],
    found: ['renamed a.b to a.c: HOST'],
  },
  {
    what: 'a project: that is another object',
    before: [deployment('web')],
    after: [deployment('web', 'web:1', 'blog')],
    found: ['added web', 'removed web'],
  },
  {
    what: 'the content too',
    before: [settings('a', LINES)],
    after: [
      settings(
        'b',
        LINES.map((line) => `${line}!`),
      ),
    ],
    found: ['added b', 'removed a'],
  },
  {
    what: 'a line in twenty',
    before: [settings('a', LINES)],
    after: [settings('b', ['x', ...LINES.slice(1)])],
    found: ['renamed a to b: data.text'],
  },
  {
    what: 'too little to be sure',
    before: [stored('ConfigMap', 'a', { data: { x: '1' } })],
    after: [stored('ConfigMap', 'b', { data: { x: '1' } })],
    found: ['added b', 'removed a'],
  },
  {
    what: 'one of two that are alike: the more similar one',
    before: [settings('a', LINES)],
    after: [settings('b', ['x', ...LINES.slice(1)]), settings('c', LINES)],
    found: ['added b', 'renamed a to c:'],
  },
];

describe('an object has changed', () => {
  for (const { what, before, after, found } of CASES) {
    test(what, async (context) => {
      const dir = await temporaryFolder(context);
      assert.deepEqual(await changesOf(dir, before, after, true), found);
      const plain = await changesOf(dir, before, after, false);
      assert.equal(plain.length, before.length + after.length, 'with --no-renames');
    });
  }

  test('too many objects to look for renames', async (context) => {
    const dir = await temporaryFolder(context);
    const [before, after] = ['a', 'b'].map((prefix) =>
      Array.from({ length: 201 }, (_value, index) => settings(`${prefix}-${index}`, LINES)),
    );
    const found = await changesOf(dir, before ?? [], after ?? [], true);
    assert.deepEqual([found.length, found.filter((line) => line.startsWith('renamed'))], [402, []]);
  });
});

async function changesOf(
  dir: string,
  before: readonly Stored[],
  after: readonly Stored[],
  findsRenames: boolean,
): Promise<string[]> {
  const [from, to] = [
    await writeNightOf(dir, 19, { objects: before }),
    await writeNightOf(dir, 20, { objects: after }),
  ];
  const question = {
    before: from,
    after: to,
    projects: [],
    types: [],
    rules: [],
    isForced: false,
    findsRenames,
  };
  const { changes } = await compareArchives(question);
  return changes
    .map(({ change, name, previousName, fields }) => {
      if (change !== 'renamed') return `${change} ${name}`;
      const paths = fields.map(
        ({ path }) => /name=HOST|image$/u.exec(pathText(path))?.[0]?.replace('name=', '') ?? pathText(path),
      );
      return `renamed ${String(previousName)} to ${name}: ${paths.toSorted().join(' ')}`.trimEnd();
    })
    .toSorted();
}

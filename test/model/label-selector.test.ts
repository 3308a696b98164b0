import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { matchesLabels, parseLabelSelector } from '../../src/model/label-selector.ts';
import { type Cluster, sharedCluster } from '../cluster/cluster.ts';

const PROJECT = 'label-selector';
/** ConfigMaps with these labels. */
const OBJECTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  none: {},
  web: { app: 'web' },
  'web-cache': { app: 'web', tier: 'cache' },
  db: { app: 'db', tier: 'data', size: '10' },
  empty: { app: '', 'example.com/part-of': 'shop' },
  large: { app: 'Web', size: '9', kind: 'ConfigMap' },
};

const VALID: readonly string[] = [
  'app',
  '!app',
  '! app',
  'app=web',
  'app==web',
  'app = web , tier',
  'app!=web',
  'app=',
  'app in (web)',
  'app in (web, db)',
  'app in (web,,db)',
  'app in ()',
  'app in(web)',
  'app notin (web,db)',
  'app notin ()',
  'tier notin (cache),app',
  'size>9',
  'size<10',
  'size > 10',
  'app>1',
  'example.com/part-of=shop',
  '!example.com/part-of',
  'kind',
  'constructor',
  'app in (web,db),tier,!size',
];
const INVALID: readonly string[] = [
  '__proto__',
  'app=web,',
  ',app',
  'app web',
  'app=web tier=cache',
  'app in web',
  'app in (web',
  'app in',
  'app=(web)',
  '=web',
  '!app=web',
  '!app in (web)',
  'size>large',
  'size>',
  'app===web',
  'app=-web',
  '-app',
  'app/',
  '/app',
  'Example.com/app',
  'a/b/c',
  'größe',
  'app=a b',
  'x'.repeat(64),
  `app=${'x'.repeat(64)}`,
  '()',
  '!',
];

describe('a label selector', () => {
  let cluster: Cluster;

  before(async () => {
    cluster = await sharedCluster();
    const objects = Object.entries(OBJECTS).map(([name, labels]) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: PROJECT, labels },
    }));
    await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: PROJECT } }, ...objects]);
  });

  /** The names that the API server itself selects; undefined when it refuses the selector. */
  async function selectedByServer(selector: string): Promise<string[] | undefined> {
    const query = `/api/v1/namespaces/${PROJECT}/configmaps?labelSelector=${encodeURIComponent(selector)}`;
    const text = await cluster.kubectl(['get', '--raw', query]).catch((error: unknown) => {
      assert.match(String(error), /unable to parse requirement|BadRequest|found|key: Invalid|values/u);
      return undefined;
    });
    if (text === undefined) return undefined;
    const { items } = JSON.parse(text) as { items: { metadata: { name: string } }[] };
    return items.map(({ metadata }) => metadata.name).filter((name) => name in OBJECTS);
  }

  for (const selector of VALID) {
    test(`${selector} selects what the API server selects`, async () => {
      const selected = Object.entries(OBJECTS)
        .filter(([, labels]) =>
          matchesLabels(selector, (key) => (Object.hasOwn(labels, key) ? labels[key] : undefined)),
        )
        .map(([name]) => name);
      assert.deepEqual(selected.toSorted(), (await selectedByServer(selector))?.toSorted());
    });
  }

  for (const selector of INVALID) {
    test(`${selector} is refused, as the API server refuses it`, async () => {
      assert.equal(parseLabelSelector(selector), undefined);
      assert.equal(await selectedByServer(selector), undefined);
    });
  }
});

test('a long or tangled selector is refused at once', { timeout: 5000 }, () => {
  assert.equal(parseLabelSelector(`app in (${'a,'.repeat(1500)}`), undefined);
  assert.equal(parseLabelSelector(`${'a.'.repeat(2000)}/`), undefined);
  assert.equal(parseLabelSelector('a,'.repeat(5000).slice(0, -1)), undefined);
});

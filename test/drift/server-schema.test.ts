import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type ListRule, tableRule } from '../../src/drift/list-rules.ts';
import { requestOk } from '../cluster/api-client.ts';
import { sharedCluster } from '../cluster/cluster.ts';

/** A part of what `/openapi/v3` answers. */
interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

interface OpenApi {
  readonly paths: Readonly<Record<string, { readonly put?: Operation } | undefined>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema | undefined>> };
}

interface Operation {
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema } | undefined>>;
  };
}

/** A list of which the server says how its elements are told apart. */
interface DeclaredList {
  readonly type: string;
  readonly keys: readonly string[];
  /** `set`, or the keys, sorted. */
  readonly declared: string;
}

const REAL_OBJECT =
  /^\/apis?\/(?:(?<group>[^/]+)\/)?v\d[^/]*\/(?:namespaces\/\{namespace\}\/)?(?<plural>[^/{}]+)\/\{name\}$/u;
/** What no archive holds: a rule drops it from every object. */
const DROPPED = new Set(['status', 'metadata.managedFields']);
/** The server's own groups; whatever else other tests have installed has a definition. */
const BUILT_IN = /^(?:[a-z]+|[a-z.]+\.k8s\.io)?$/u;

/** Where the table says something else than the server, on purpose. */
const EXCEPTIONS: readonly (readonly [keys: string, declared: string, own: string, why: string])[] = [
  ['metadata.ownerReferences', 'uid', 'kind,name', 'in a cluster that was restored every uid is another one'],
];
/** Lists that must be among those that the server speaks of: the walk finds them. */
const KNOWN: readonly DeclaredList[] = [
  { type: 'services', keys: ['spec', 'ports'], declared: 'port,protocol' },
  {
    type: 'cronjobs.batch',
    keys: 'spec.jobTemplate.spec.template.spec.containers.ports'.split('.'),
    declared: 'containerPort,protocol',
  },
  { type: 'horizontalpodautoscalers.autoscaling', keys: ['metadata', 'finalizers'], declared: 'set' },
  { type: 'namespaces', keys: ['metadata', 'ownerReferences'], declared: 'uid' },
];

describe('the table of lists', () => {
  let lists: DeclaredList[];

  before(async () => {
    const { api } = await sharedCluster();
    const read = async (target: string): Promise<unknown> => JSON.parse(await requestOk(api, 'GET', target));
    const { paths } = (await read('/openapi/v3')) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    lists = [];
    for (const [name, { serverRelativeURL }] of Object.entries(paths)) {
      const group = name.split('/')[1] ?? '';
      if (!/^apis?\/.*v\d/u.test(name) || !BUILT_IN.test(/^v\d/u.test(group) ? '' : group)) continue;
      lists.push(...declaredIn((await read(serverRelativeURL)) as OpenApi));
    }
  });

  test('is compared with all that the server says', () => {
    assert.ok(lists.length > 400, String(lists.length));
    for (const known of KNOWN)
      assert.ok(
        lists.some((one) => isDeepStrictEqual(one, known)),
        known.type,
      );
  });

  test('agrees with what a real server says of its own types', () => {
    const differing = lists.flatMap(({ type, keys, declared }) => {
      const [own, path] = [nameOf(tableRule(type, keys)), keys.join('.')];
      const isExpected = EXCEPTIONS.some(
        ([list, server, table]) => `.${path}`.endsWith(`.${list}`) && server === declared && table === own,
      );
      return own === declared || isExpected ? [] : [`${type} ${path}: ${declared}, and not ${own}`];
    });
    assert.deepEqual(differing, []);
  });

  test('has no exception that is none', () => {
    for (const [list, server] of EXCEPTIONS)
      assert.ok(
        lists.some(({ keys, declared }) => keys.join('.') === list && declared === server),
        list,
      );
  });
});

function declaredIn({ paths, components }: OpenApi): DeclaredList[] {
  return Object.entries(paths).flatMap(([path, methods]) => {
    const { group, plural } = REAL_OBJECT.exec(path)?.groups ?? {};
    const schema = Object.values(methods?.put?.requestBody?.content ?? {})[0]?.schema;
    if (plural === undefined || !schema) return [];
    const type = group === undefined ? plural : `${plural}.${group}`;
    return declaredUnder({ type, keys: [], schema, above: [] }, components.schemas);
  });
}

interface Place {
  readonly type: string;
  readonly keys: readonly string[];
  readonly schema: Schema;
  /** References on the way: a schema of a definition holds itself. */
  readonly above: readonly string[];
}

function declaredUnder(place: Place, schemas: OpenApi['components']['schemas']): DeclaredList[] {
  const { type, keys, schema, above } = place;
  if (DROPPED.has(keys.join('.'))) return [];
  const { $ref, allOf = [], properties = {}, items, additionalProperties } = schema;
  const name = $ref?.split('/').at(-1) ?? '';
  if (above.includes(name)) return [];
  const target = schemas[name];
  const inner = [...allOf, ...(items ? [items] : []), ...(target ? [target] : [])].map((one) => ({
    keys,
    schema: one,
  }));
  const members = Object.entries(properties).map(([key, one]) => ({ keys: [...keys, key], schema: one }));
  const others =
    typeof additionalProperties === 'object' ? [{ keys: [...keys, '*'], schema: additionalProperties }] : [];
  const deeper = [...inner, ...members, ...others].flatMap((one) =>
    declaredUnder({ type, above: name === '' ? above : [...above, name], ...one }, schemas),
  );
  const declared = declaredName(schema);
  return declared === undefined ? deeper : [{ type, keys, declared }, ...deeper];
}

function declaredName(schema: Schema): string | undefined {
  const kind = schema['x-kubernetes-list-type'];
  if (kind === 'map') return (schema['x-kubernetes-list-map-keys'] ?? []).toSorted().join();
  return kind === 'set' ? kind : undefined;
}

function nameOf(rule: ListRule | undefined): string {
  if (rule?.isSet) return 'set';
  return (
    (rule?.keys ?? [])
      .map(({ path }) => path.join('.'))
      .toSorted()
      .join() || 'nothing'
  );
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ObjectIdentity, Segment, Value } from '../../src/drift/drift.ts';
import { elementSegments, listRule } from '../../src/drift/keyed-lists.ts';
import { pathText } from '../../src/drift/path-pattern.ts';
import { isSecretField } from '../../src/drift/secret-fields.ts';
import { isEqual, isList, isMap, parseValue } from '../../src/drift/value.ts';
import { keysOf } from '../../src/drift/value-at.ts';
import { JsonDocument } from '../../src/json/json-document.ts';
import { typeName } from '../../src/model/resource-type.ts';
import { redactorOf } from '../../src/prune/redact-object.ts';
import { SECRET_RULES } from '../../src/prune/rules.ts';
import { goldenCases, outcomeOf, written } from '../prune/golden-cases.ts';
import { identityOf, pathOf, valueOf } from './json-value.ts';

const WEB = ['spec', 'template', 'spec', 'containers', { name: 'web' }] as const;
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0x.c2lnbmF0dXJl';

type Case = readonly [type: string, path: readonly Segment[], value?: unknown];

const SECRET: readonly Case[] = [
  ['secrets', pathOf('data', 'a')],
  ['secrets', pathOf('stringData', 'a'), 'b'],
  ['secrets', pathOf('metadata', 'annotations', 'a'), 'b'],
  ['routes.route.openshift.io', pathOf('spec', 'tls', 'key'), 'a'],
  ['oauthclients.oauth.openshift.io', pathOf('secret'), 'a'],
  ['oauthclients.oauth.openshift.io', pathOf('additionalSecrets', 0), 'a'],
  ['oauthclients.oauth.openshift.io', pathOf('additionalSecrets', { '': 'a' }), 'a'],
  [
    'buildconfigs.build.openshift.io',
    pathOf('spec', 'triggers', { type: 'GitHub' }, 'github', 'secret'),
    'a',
  ],
  ['buildconfigs.build.openshift.io', pathOf('spec', 'source', 'git', 'uri'), 'https://user:pass@host/a'],
  ['buildconfigs.build.openshift.io', pathOf('spec', 'source', 'git', 'uri'), 'https://token@host/a'],
  // Without the value nobody knows.
  ['proxies.config.openshift.io', pathOf('spec', 'httpProxy')],
  [
    'machineconfigs.machineconfiguration.openshift.io',
    pathOf('spec', 'config', 'passwd', 'users', { name: 'core' }, 'passwordHash'),
    '$6$',
  ],
  [
    'machineconfigs.machineconfiguration.openshift.io',
    pathOf('spec', 'config', 'storage', 'files', { path: '/etc/a' }, 'contents', 'source'),
    'data:,a',
  ],
  ...[
    'DB_PASSWORD',
    'PASSWD',
    'db.pass',
    'MYSQL_PWD',
    'API_TOKEN',
    'clientSecret',
    'AWS_SECRET_ACCESS_KEY',
    'KEY',
    'SSH_PASSPHRASE',
    'Credentials',
  ].map((name): Case => ['deployments.apps', pathOf(...WEB, 'env', { name }, 'value'), 'a']),
  ['deployments.apps', pathOf(...WEB, 'env', { name: 'TOKEN', '#': '2' }, 'value'), 'a'],
  // Nobody knows its name.
  ['deployments.apps', pathOf(...WEB, 'env', 3, 'value'), 'a'],
  ['templates.template.openshift.io', pathOf('parameters', { name: 'DATABASE_PASSWORD' }, 'value'), 'a'],
  [
    'buildconfigs.build.openshift.io',
    pathOf('spec', 'strategy', 'dockerStrategy', 'env', { name: 'NPM_TOKEN' }, 'value'),
    'a',
  ],
  ['configmaps', pathOf('data', 'DB_PASSWORD'), 'a'],
  ['configmaps', pathOf('data', 'tls.key'), 'a'],
  ['widgets.example.com', pathOf('spec', 'adminPassword'), 'a'],
  ['widgets.example.com', pathOf('spec', 'auth', 'token'), 'a'],
  ['widgets.example.com', pathOf('spec', 'api_key'), 'a'],
  ['widgets.example.com', pathOf('metadata', 'annotations', 'example.com/password'), 'a'],
  [
    'deployments.apps',
    pathOf('metadata', 'annotations', 'kubectl.kubernetes.io/last-applied-configuration'),
    '{}',
  ],
  [
    'templates.template.openshift.io',
    pathOf('objects', 0, 'metadata', 'annotations', 'kubectl.kubernetes.io/last-applied-configuration'),
    '{}',
  ],
  ['widgets.example.com', pathOf('metadata', 'annotations', 'kapp.k14s.io/original'), '{}'],
  ['configmaps', pathOf('data', 'settings.yaml'), 'a: 1\nurl: postgres://app:hunter2@db:5432/a\n'],
  ['configmaps', pathOf('data', 'settings.yaml'), 'proxy: http://robot@proxy:3128'],
  ['configmaps', pathOf('data', 'a.pem'), 'x\n-----BEGIN RSA PRIVATE KEY-----\nMII'],
  ['widgets.example.com', pathOf('spec', 'a'), `Authorization: ${TOKEN}`],
  ['deployments.apps', pathOf(...WEB, 'args', 0), '--db-password=hunter2'],
  ['deployments.apps', pathOf(...WEB, 'command', 2), 'run --token abc'],
  ['deployments.apps', pathOf(...WEB, 'args', 0), 'curl -H "Authorization: Bearer abcdefghijklmnop"'],
];

const OPEN: readonly Case[] = [
  ['secrets', pathOf('type'), 'Opaque'],
  ['secrets', pathOf('metadata', 'labels', 'a'), 'b'],
  ['secrets', pathOf('data')],
  ['configmaps', pathOf('data', 'a'), 'b'],
  ['configmaps', pathOf('data', 'ca-bundle.crt'), '-----BEGIN CERTIFICATE-----\nMII'],
  ['routes.route.openshift.io', pathOf('spec', 'tls', 'certificate'), '-----BEGIN CERTIFICATE-----'],
  ['routes.route.openshift.io', pathOf('spec', 'tls')],
  ['buildconfigs.build.openshift.io', pathOf('spec', 'source', 'git', 'uri'), 'https://host/a@b'],
  ['buildconfigs.build.openshift.io', pathOf('spec', 'source', 'git', 'uri'), 'ssh://git@host/a'],
  [
    'buildconfigs.build.openshift.io',
    pathOf('spec', 'triggers', 0, 'generic', 'secretReference', 'name'),
    'a',
  ],
  ['proxies.config.openshift.io', pathOf('spec', 'httpProxy'), 'http://proxy:3128'],
  ['deployments.apps', pathOf(...WEB, 'env', { name: 'LOG_LEVEL' }, 'value'), 'debug'],
  ['deployments.apps', pathOf(...WEB, 'env', { name: 'BYPASS_CACHE' }, 'value'), 'yes'],
  [
    'deployments.apps',
    pathOf(...WEB, 'env', { name: 'DB_PASSWORD' }, 'valueFrom', 'secretKeyRef', 'name'),
    'db',
  ],
  [
    'deployments.apps',
    pathOf(...WEB, 'env', { name: 'DB_PASSWORD' }, 'valueFrom', 'secretKeyRef', 'key'),
    'password',
  ],
  ['deployments.apps', pathOf('spec', 'template', 'spec', 'automountServiceAccountToken'), true],
  [
    'deployments.apps',
    pathOf('spec', 'template', 'spec', 'imagePullSecrets', { name: 'pull' }, 'name'),
    'pull',
  ],
  [
    'deployments.apps',
    pathOf('spec', 'template', 'spec', 'volumes', { name: 'a' }, 'secret'),
    { secretName: 'a' },
  ],
  [
    'deployments.apps',
    pathOf('spec', 'template', 'spec', 'volumes', { name: 'a' }, 'secret', 'secretName'),
    'a',
  ],
  ['deployments.apps', pathOf('spec', 'template', 'spec', 'tolerations', 0, 'key'), 'a'],
  ['deployments.apps', pathOf(...WEB, 'image'), 'registry.example.com/shop/web@sha256:abc'],
  ['deployments.apps', pathOf(...WEB, 'args', 0), '--port=8080'],
  [
    'oauths.config.openshift.io',
    pathOf('spec', 'identityProviders', { name: 'a' }, 'openID', 'clientSecret'),
    { name: 'a' },
  ],
  [
    'customresourcedefinitions.apiextensions.k8s.io',
    pathOf('spec', 'properties', 'password', 'type'),
    'string',
  ],
];

describe('A value is never shown', () => {
  for (const one of SECRET) test(titleOf(one), () => assert.ok(isSecret(one)));
});

describe('A value is shown', () => {
  for (const one of OPEN) test(titleOf(one), () => assert.ok(!isSecret(one)));
});

describe('What is redacted in an archive is never shown either:', () => {
  const touched = new Set<string>();
  for (const given of goldenCases()) {
    const { '.stored.json': text } = outcomeOf(given);
    if (text === undefined) continue;
    const type = typeName(given.type);
    const document = new JsonDocument(Buffer.from(text));
    redactorOf(given.type, (place) => {
      touched.add(place.split('\n').at(-1) ?? '');
      return 'redacted';
    })(document, document.root);
    const [before, after] = [text, written(document)].map((json) => parseValue(Buffer.from(json)));
    const changed = before === undefined || after === undefined ? [] : changes(type, [], before, after);
    if (changed.length === 0) continue;
    test(given.name, () => {
      for (const [path, was, is] of changed) {
        assert.ok(isSecretField({ ...identityOf(type), kind: given.type.kind }, path), pathText(path));
        // One that is redacted already tells nothing, but its true value does.
        assert.ok(isSecretField(identityOf(type), path, was), pathText(path));
        assert.equal(is, 'redacted');
      }
    });
  }

  test('there is a case for every rule', () => {
    assert.deepEqual(
      SECRET_RULES.map(({ id }) => id).filter((id) => !touched.has(id)),
      [],
    );
  });
});

test('A long text is judged in no time', () => {
  const identity: ObjectIdentity = identityOf('configmaps', 'ConfigMap');
  const units = [
    'a',
    '://',
    '://a',
    '-',
    ' --a',
    'eyJ-',
    'eyJaaaaaaaaaa.',
    'https://',
    '-----BEGIN A',
    'Bearer ',
    ' -token',
    ':',
    '://a:',
  ];
  const begin = process.cpuUsage().user;
  for (const unit of units)
    assert.equal(
      typeof isSecretField(identity, pathOf('data', 'a'), unit.repeat(1_000_000 / unit.length)),
      'boolean',
    );
  assert.ok(process.cpuUsage().user - begin < 3_000_000, 'microseconds');
});

function isSecret([type, path, value]: Case): boolean {
  return isSecretField(identityOf(type), path, value === undefined ? undefined : valueOf(value));
}

function titleOf([type, path, value]: Case): string {
  return `${type} ${pathText(path)}${value === undefined ? '' : ` ${JSON.stringify(value)}`}`;
}

/** Where two objects of one shape differ, with both values. */
function changes(
  type: string,
  path: readonly Segment[],
  before: Value,
  after: Value,
): [readonly Segment[], Value, Value][] {
  if (isMap(before) && isMap(after))
    return [...before].flatMap(([key, value]) =>
      changes(type, [...path, { key }], value, after.get(key) ?? null),
    );
  if (isList(before) && isList(after)) {
    const segments = elementSegments(listRule(type, keysOf(path), before), before);
    return before.flatMap((value, index) =>
      changes(type, [...path, segments[index] ?? { index }], value, after[index] ?? null),
    );
  }
  return isEqual(before, after) ? [] : [[path, before, after]];
}

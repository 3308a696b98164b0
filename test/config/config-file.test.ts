import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfigFile } from '../../src/config/config-file.ts';
import { type Option, OPTIONS } from '../../src/config/options.ts';
import { KnownError } from '../../src/model/known-error.ts';

const RIGHT: readonly (readonly [text: string, values: object])[] = [
  ['', {}],
  ['# dir: /a\n', {}],
  ['---\n', {}],
  ['dir: /a\nretainDays: 30\n', { dir: ['/a'], retainDays: ['30'] }],
  ['namespaces: [a, "dev-*"]', { namespaces: ['a', 'dev-*'] }],
  ['namespaces: a', { namespaces: ['a'] }],
  ['namespaces: []', {}],
  ['retainDays: 1.5', { retainDays: ['1.5'] }],
  ['name: "123"', { name: ['123'] }],
  // YAML 1.2 has no such booleans.
  ['namespaces: [on, no]', { namespaces: ['on', 'no'] }],
  ['{"dir": "/a", "include": ["deployments.apps"]}', { dir: ['/a'], include: ['deployments.apps'] }],
  ['include: &types [a, b]\nrequire: *types', { include: ['a', 'b'], require: ['a', 'b'] }],
  ['selector: app=web,tier notin (cache)', { selector: ['app=web,tier notin (cache)'] }],
];
for (const [text, values] of RIGHT) {
  test(`parseConfigFile() reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseConfigFile('file', text), { path: 'file', values });
  });
}

const EXAMPLES: Readonly<Record<Option['type'], string>> = {
  text: '"x"',
  number: '1',
  boolean: 'true',
  list: '["x"]',
};

test('parseConfigFile() knows every option that has a key in it', () => {
  const keys = OPTIONS.filter(({ configKey }) => configKey !== undefined);
  const text = keys.map(({ configKey, type }) => `${configKey}: ${EXAMPLES[type]}\n`).join('');
  const { values } = parseConfigFile('file', text);
  assert.deepEqual(
    Object.keys(values),
    keys.map(({ key }) => key),
  );
});

test('parseConfigFile() does not look at values that the command does not ask for', () => {
  const text = 'dir: /a\nretainDays: "never"\nnamespaces:\n';
  assert.deepEqual(parseConfigFile('file', text, ['config', 'dir']).values, { dir: ['/a'] });
  assert.throws(() => parseConfigFile('file', 'retain: 7', ['dir']), KnownError);
});

const WRONG: readonly (readonly [text: string, problem: RegExp])[] = [
  ['retain-days: 7', /^there is no key "retain-days"; the keys are dir, name, retainDays, /u],
  ['config: other.yaml', /^there is no key "config"/u],
  ['isDirGiven: true', /^there is no key "isDirGiven"/u],
  ['__proto__: x', /^there is no key "__proto__"/u],
  ['constructor: x', /^there is no key "constructor"/u],
  ['7: x', /^there is no key 7/u],
  ['? [a]\n: x', /^there is no key \["a"\]/u],
  ['retainDays: "7"', /^retainDays has a wrong value: give a number, without quotes$/u],
  ['retainDays: true', /^retainDays has/u],
  ['report: "true"', /^report has a wrong value: give true or false, without quotes$/u],
  ['report: 1', /^report has/u],
  ['retainDays:', /^retainDays has/u],
  ['retainDays: [7]', /^retainDays has/u],
  ['name: 123', /^name has a wrong value: give a text, in quotes if it looks like something else$/u],
  ['dir: ~', /^dir has/u],
  ['dir: [/a]', /^dir has/u],
  ['selector: {app: web}', /^selector has/u],
  ['namespaces:', /^namespaces has a wrong value: give a list of texts, or leave the key out$/u],
  ['namespaces: [a, 1]', /^namespaces has/u],
  ['namespaces: [a, ~]', /^namespaces has/u],
  ['namespaces: [[a]]', /^namespaces has/u],
  ['namespaces: {a: b}', /^namespaces has/u],
  ['dir: /a\ndir: /b', /^it is not right as YAML: Map keys must be unique at line 2, column 1$/u],
  ['dir: "a', /^it is not right as YAML: Missing closing "quote at line 1, column 8$/u],
  ['dir: *nowhere', /^it is not right as YAML: /u],
  ['dir: !secret /a', /^it is not right as YAML: Unresolved tag/u],
  ['dir: /a\n---\ndir: /b', /^it is not right as YAML: Source contains multiple documents/u],
  ['\tdir: /a', /^it is not right as YAML: /u],
  ['- dir', /^it must hold keys and values, such as "retainDays: 7"$/u],
  ['just a text', /^it must hold keys/u],
  [`a: &a [x,x,x,x,x,x,x,x,x]\n${bomb()}`, /^(?:it is not right as YAML: Excessive alias|there is no key)/u],
];
for (const [text, problem] of WRONG) {
  test(`parseConfigFile() refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.throws(
      () => parseConfigFile('/etc/file.yaml', text),
      (error) => {
        assert.ok(error instanceof KnownError && error.kind === 'usage');
        const start = 'The config file /etc/file.yaml: ';
        assert.ok(error.message.startsWith(start) && !error.message.includes('\n'), error.message);
        assert.match(error.message.slice(start.length), problem);
        return true;
      },
    );
  });
}

/** Nine lists of nine aliases each: written out, 9 to the 9th texts. */
function bomb(): string {
  const names = 'abcdefghij';
  return Array.from({ length: 9 }, (_, index) => {
    const aliases = Array.from({ length: 9 }, () => `*${names[index]}`).join(',');
    return `${names[index + 1]}: &${names[index + 1]} [${aliases}]\n`;
  }).join('');
}

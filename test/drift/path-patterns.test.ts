import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseJqPath, parsePointer } from '../../src/drift/argo-paths.ts';
import type { Segment } from '../../src/drift/drift.ts';
import { isCovered, type ParsedPattern, parsePattern, pathText } from '../../src/drift/path-pattern.ts';
import { pathOf, valueOf } from './json-value.ts';

const BEFORE = valueOf({
  spec: {
    template: {
      spec: {
        containers: [
          { name: 'proxy', image: 'p:1' },
          { name: 'web', image: 'w:1' },
        ],
      },
    },
    ports: [{ port: 80, targetPort: 8080 }],
    '0': 'a key of digits',
    odd: [{ kind: 'old', size: 1 }],
  },
});
const AFTER = valueOf({
  spec: {
    template: { spec: { containers: [{ name: 'web', image: 'w:2', tier: 'front' }] } },
    ports: [{ port: 80, targetPort: 9090 }],
    '0': 'another',
    odd: [{ kind: 'new', size: 2 }],
  },
});

const IMAGE = pathOf('spec', 'template', 'spec', 'containers', { name: 'web' }, 'image');
const NOTE = pathOf('metadata', 'annotations', 'example.com/a.b');

const COVERED: readonly (readonly [
  form: 'pattern' | 'pointer' | 'jq',
  text: string,
  path: readonly Segment[],
])[] = [
  ['pattern', 'spec', IMAGE],
  ['pattern', '.spec.template', IMAGE],
  ['pattern', 'spec.template.spec.containers[name=*].image', IMAGE],
  ['pattern', 'spec.template.spec.containers[name="web"].image', IMAGE],
  ['pattern', 'spec.template.spec.containers[name=w?b].image', IMAGE],
  ['pattern', 'spec.template.spec.containers[*].image', IMAGE],
  ['pattern', 'spec.template.spec.containers.*.image', IMAGE],
  ['pattern', 'spec.template.spec.*ontainers[*].image', IMAGE],
  ['pattern', 'spec["template"].spec.containers[ name=web ].image', IMAGE],
  // It stands first after the change, second before it.
  ['pattern', 'spec.template.spec.containers[0].image', IMAGE],
  ['pattern', 'spec.template.spec.containers[1].image', IMAGE],
  // A field that is no part of the element's name.
  ['pattern', 'spec.template.spec.containers[tier=front].image', IMAGE],
  ['pattern', 'spec.template.spec.containers[name=web,tier=front].image', IMAGE],
  ['pattern', 'metadata.annotations[example.com/a.b]', NOTE],
  ['pattern', 'metadata.annotations["example.com/a.b"]', NOTE],
  ['pattern', 'metadata.annotations."example.com/a.b"', NOTE],
  ['pattern', 'metadata.annotations[example.com/*]', NOTE],
  ['pattern', 'rules[=get]', pathOf('rules', { '': 'get' })],
  ['pattern', 'spec.list[2]', pathOf('spec', 'list', 2, 'x')],
  ['pattern', 'spec["0"]', pathOf('spec', '0')],
  ['pattern', 'spec.odd[kind=new]', pathOf('spec', 'odd', 0, 'size')],
  ['pattern', 'spec.ports[port=80,protocol="TCP"]', pathOf('spec', 'ports', { port: '80', protocol: 'TCP' })],
  ['pointer', '/spec/template/spec/containers/0/image', IMAGE],
  ['pointer', '/spec/template/spec/containers/1/image', IMAGE],
  ['pointer', '/spec/0', pathOf('spec', '0')],
  ['pointer', '/metadata/annotations/example.com~1a.b', NOTE],
  ['pointer', '/spec/a~01', pathOf('spec', 'a~1')],
  ['jq', '.spec.template.spec.containers[].image', IMAGE],
  ['jq', '.spec.template.spec.containers[]?.image', IMAGE],
  ['jq', '.spec.template.spec.containers.[].image', IMAGE],
  ['jq', '.spec.template.spec.containers[0].image', IMAGE],
  ['jq', '.spec.template.spec.containers[] | select(.name == "web") | .image', IMAGE],
  ['jq', '.spec.template.spec.containers[] | select(.name=="web").image', IMAGE],
  [
    'jq',
    '.spec.template.spec.containers[] | select(.name == "web") | select(.tier == "front") | .image',
    IMAGE,
  ],
  ['jq', '.spec.template.spec.containers[] | select(.name == "web")', IMAGE],
  ['jq', '.metadata.annotations["example.com/a.b"]', NOTE],
  ['jq', '.metadata.annotations."example.com/a.b"', NOTE],
  [
    'jq',
    '.spec.ports[] | select(.port == 80) | .targetPort',
    pathOf('spec', 'ports', { port: '80' }, 'targetPort'),
  ],
  ['jq', ' .spec | .template ', IMAGE],
];

const NOT_COVERED: readonly (readonly [
  form: 'pattern' | 'pointer' | 'jq',
  text: string,
  path: readonly Segment[],
])[] = [
  ['pattern', 'spec.template.spec.containers[name=proxy].image', IMAGE],
  ['pattern', 'spec.template.spec.containers[name="w*"].image', IMAGE],
  ['pattern', 'spec.template.spec.containers[name=web].image.tag', IMAGE],
  ['pattern', 'spec.template.spec.containers[2].image', IMAGE],
  ['pattern', 'spec.template.spec.containers[tier=back].image', IMAGE],
  ['pattern', 'spec.template.spec.containers["web"].image', IMAGE],
  ['pattern', 'specs', IMAGE],
  ['pattern', 'pec', IMAGE],
  ['pattern', 'metadata.annotations.example.com/a.b', NOTE],
  ['pattern', 'metadata.annotations["example.com/*"]', NOTE],
  ['pattern', 'spec.list[1]', pathOf('spec', 'list', 2)],
  // Before, another element stood there.
  ['pattern', 'spec.odd[kind=old]', pathOf('spec', 'odd', 0, 'size')],
  ['pattern', 'spec[0]', pathOf('spec', '0')],
  ['pattern', 'spec[name=x]', pathOf('spec', 'name')],
  ['pointer', '/spec/template/spec/containers/2/image', IMAGE],
  ['pointer', '/spec/template/spec/containers/web/image', IMAGE],
  ['pointer', '/spec/*', pathOf('spec', 'a')],
  ['jq', '.spec.template.spec.containers[] | select(.name == "proxy") | .image', IMAGE],
];

const PROBLEMS: readonly (readonly [form: 'pattern' | 'pointer' | 'jq', text: string, says: RegExp])[] = [
  ['pattern', '', /a path is empty/u],
  ['pattern', '/spec/replicas', /JSON Pointer.*jsonPointers/u],
  ['pattern', 'spec..replicas', /from "\.\.replicas" on/u],
  ['pattern', 'spec.containers[', /from "\[" on/u],
  ['pattern', 'spec.containers[]', /from "\[\]" on/u],
  ['pattern', 'spec.containers[name=]x', /from "x" on/u],
  ['pattern', 'spec.containers[name="a]', /can't be read/u],
  ['pattern', 'spec.containers[name=a,]', /can't be read/u],
  ['pattern', 'spec.containers[a,b]', /can't be read/u],
  ['pattern', 'spec.a"b"', /can't be read/u],
  ['pattern', String.raw`spec["\x"]`, /can't be read/u],
  ['pattern', 'spec a', /can't be read/u],
  ['pattern', "spec['a']", /can't be read/u],
  ['pointer', '', /whole object/u],
  ['pointer', 'spec/replicas', /begins with/u],
  ['pointer', '/spec/a~b', /~0/u],
  ['jq', '', /empty/u],
  ['jq', 'spec', /from "spec" on/u],
  ['jq', '.', /from "\." on/u],
  ['jq', '..', /can't be read/u],
  ['jq', '.spec.containers[] | select(.name | test("web"))', /only keys.*write it under paths/u],
  ['jq', '.spec.containers[] | select(.a == "x" or .b == "y")', /can't be read/u],
  ['jq', '.spec | select(.name == "x")', /can't be read/u],
  ['jq', 'select(.name == "x")', /can't be read/u],
  ['jq', '.spec | keys', /can't be read/u],
  ['jq', '.spec.list[-1]', /can't be read/u],
  ['jq', '.spec.list[1:2]', /can't be read/u],
  ['jq', String.raw`.spec["\(.x)"]`, /can't be read/u],
  ['jq', '.spec,.status', /can't be read/u],
];

const PARSE: Readonly<Record<string, (text: string) => ParsedPattern>> = {
  pattern: parsePattern,
  pointer: parsePointer,
  jq: parseJqPath,
};

describe('A pattern leads to a field and what is below it:', () => {
  for (const [form, text, path] of COVERED)
    test(`${form} ${text} leads to ${pathText(path)}`, () => assert.ok(leads(form, text, path)));
  for (const [form, text, path] of NOT_COVERED)
    test(`${form} ${text} does not lead to ${pathText(path)}`, () => assert.ok(!leads(form, text, path)));

  test('a place and a field that is no name are not guessed without the object', () => {
    for (const text of ['spec.template.spec.containers[0]', 'spec.template.spec.containers[tier=front]'])
      assert.ok(!leads('pattern', text, IMAGE, []));
  });
});

describe('A pattern that cannot be used is a problem that says where:', () => {
  for (const [form, text, says] of PROBLEMS) {
    test(`${form} ${JSON.stringify(text)}`, () => {
      const parsed = PARSE[form]?.(text);
      assert.ok(parsed && 'problem' in parsed);
      assert.match(parsed.problem, says);
    });
  }
});

const TEXT = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('a', '.', '[', ']', '"', '=', ',', '*', '?', '\\', '/', ' ', '\n', '0', "'"),
  }),
);
const SEGMENT: fc.Arbitrary<Segment> = fc.oneof(
  TEXT.map((key) => ({ key })),
  fc.nat(1000).map((index) => ({ index })),
  fc.dictionary(TEXT, TEXT, { minKeys: 1, maxKeys: 3, noNullPrototype: true }).map((match) => ({ match })),
);

describe('The text of a path', () => {
  test('is the pattern that leads to it', () => {
    fc.assert(
      fc.property(fc.array(SEGMENT, { minLength: 1, maxLength: 5 }), (path) => {
        const parsed = parsePattern(pathText(path));
        assert.ok('pattern' in parsed, pathText(path));
        assert.equal(parsed.pattern.steps.length, path.length);
        assert.ok(isCovered(parsed.pattern, path, { type: 'pods', roots: [] }));
      }),
      { numRuns: 2000 },
    );
  });

  test('leads to no other path of as many keys', () => {
    const keys = fc.array(
      TEXT.map((key) => ({ key })),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(keys, keys, (path, other) => {
        fc.pre(JSON.stringify(path) !== JSON.stringify(other) && path.length === other.length);
        const parsed = parsePattern(pathText(path));
        assert.ok('pattern' in parsed && !isCovered(parsed.pattern, other, { type: 'pods', roots: [] }));
      }),
    );
  });

  test('reads as people write it', () => {
    assert.equal(pathText(IMAGE), 'spec.template.spec.containers[name=web].image');
    assert.equal(pathText(NOTE), 'metadata.annotations["example.com/a.b"]');
    assert.equal(pathText(pathOf('rules', 3, { '': 'a b', kind: 'User' })), 'rules[3][="a b",kind=User]');
  });
});

test('No text makes a parser throw, or read for long', () => {
  fc.assert(
    fc.property(TEXT, (text) => {
      for (const parse of Object.values(PARSE)) assert.ok(parse(text));
    }),
    { numRuns: 2000 },
  );
  const long = [
    `spec[${'"a"='.repeat(20_000)}`,
    `.${'a[]'.repeat(20_000)}|`,
    `x[${','.repeat(50_000)}`,
    `x[${'a'.repeat(50_000)}`,
  ];
  for (const text of long) for (const parse of Object.values(PARSE)) assert.ok(parse(text));
});

function leads(form: string, text: string, path: readonly Segment[], roots = [AFTER, BEFORE]): boolean {
  const parsed = PARSE[form]?.(text);
  assert.ok(parsed && 'pattern' in parsed, JSON.stringify(parsed));
  return isCovered(parsed.pattern, path, { type: 'deployments.apps', roots });
}

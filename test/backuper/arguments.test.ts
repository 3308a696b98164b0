import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ARGUMENT_PATTERN, type BackuperRequest, WHOLE_VOLUME } from '../../src/model/backuper.ts';
import { argumentsOf, parseArguments } from '../../src/model/backuper-arguments.ts';

const generation = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2099-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString().replaceAll(/[-:]|\.\d+/gu, ''));
const folder = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('', '..', '-rf /', '$(reboot)', 'a\nb', 'ä/ö'),
);
const common = {
  task: fc.constantFrom('probe' as const, 'copy' as const, 'verify' as const),
  identity: fc.constantFrom('owner' as const, 'root' as const),
  sub: folder,
  into: folder,
  isLive: fc.boolean(),
  mayShrink: fc.boolean(),
  checksum: fc.boolean(),
  bandwidthKiB: fc.nat(),
};
const request: fc.Arbitrary<BackuperRequest> = fc
  .oneof(
    fc.record({
      ...common,
      mode: fc.constant('mirror' as const),
      generation: fc.constant(''),
      expired: fc.constant([]),
    }),
    fc.record({
      ...common,
      mode: fc.constant('generations' as const),
      generation,
      expired: fc.array(generation, { maxLength: 120 }),
    }),
  )
  .filter(({ sub, into }) => sub.isWellFormed() && into.isWellFormed());

const PLAIN: BackuperRequest = {
  task: 'copy',
  identity: 'owner',
  ...WHOLE_VOLUME,
  sub: 'data',
  isLive: true,
  checksum: true,
};

test('Every request comes back from its arguments, which are of the agreed form', () => {
  fc.assert(
    fc.property(request, (given) => {
      const args = argumentsOf(given);
      for (const arg of args) {
        assert.match(arg, ARGUMENT_PATTERN);
        assert.ok(!arg.includes('..'));
      }
      assert.deepEqual(parseArguments(args), { ...given });
    }),
  );
});

test('The arguments are what a policy can be written for', () => {
  assert.deepEqual(argumentsOf(PLAIN), [
    'copy',
    'identity=owner',
    'sub=ZGF0YQ',
    'into=',
    'mode=mirror',
    'generation=',
    'live=1',
    'shrink=0',
    'checksum=1',
    'bandwidth=0',
  ]);
});

/** What becomes of the plain arguments, and what is said of it. */
const REFUSED: Readonly<Record<string, [change: (args: string[]) => string[], message: RegExp]>> = {
  'no arguments': [() => [], /identity is missing|the task/u],
  'another task': [
    ([, ...rest]) => ['format', ...rest],
    /^the task is probe, copy, verify, and not "format"$/u,
  ],
  'a missing key': [(args) => args.filter((arg) => !arg.startsWith('sub=')), /^sub is missing$/u],
  'a key twice': [(args) => [...args, 'sub='], /^sub is given twice$/u],
  'an unknown key': [(args) => [...args, 'delete=1'], /^there is no key "delete"$/u],
  'no key': [(args) => [...args, '--help'], /is not key=value/u],
  'a flag that is no bit': [(args) => changed(args, 'live', 'true'), /^live is 0, 1, and not "true"$/u],
  'a number that is none': [(args) => changed(args, 'bandwidth', '1e3'), /^bandwidth is a whole number/u],
  'text that is not base64url': [(args) => changed(args, 'sub', 'a/b+'), /^sub is not base64url/u],
  'bytes that are no UTF-8': [(args) => changed(args, 'sub', '_w'), /^sub is not base64url of a text$/u],
  'a mirror with a generation': [
    (args) => changed(args, 'generation', '20261121T001500Z'),
    /^a mirror has no generations$/u,
  ],
  'generations without one': [(args) => changed(args, 'mode', 'generations'), /^generation is empty$/u],
  'a generation that is a path': [
    (args) => changed(changed(args, 'mode', 'generations'), 'generation', 'a/b'),
    /is no generation$/u,
  ],
  'an expired name that is a path': [
    (args) => [...args, 'expired=x/../y'],
    /^expired: .* is no generation$/u,
  ],
};

for (const [name, [change, message]] of Object.entries(REFUSED)) {
  test(`${name}: is refused with one line`, () => {
    assert.throws(
      () => parseArguments(change(argumentsOf(PLAIN))),
      (error: Error) => {
        assert.match(error.message, message);
        assert.ok(!error.message.includes('\n'));
        return true;
      },
    );
  });
}

test('What no arguments can say is refused before there is a pod', () => {
  assert.throws(() => argumentsOf({ ...PLAIN, sub: 'a'.repeat(800) }), /^Error: no argument can say sub=/u);
  assert.throws(() => argumentsOf({ ...PLAIN, sub: '\ud800' }), /half a character/u);
  assert.throws(() => argumentsOf({ ...PLAIN, bandwidthKiB: 1.5 }), /whole number/u);
});

function changed(args: readonly string[], key: string, value: string): string[] {
  return args.map((arg) => (arg.startsWith(`${key}=`) ? `${key}=${value}` : arg));
}

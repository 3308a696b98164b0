import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { TransportError } from '../../src/kubernetes/api-error.ts';
import { LARGE, type Project, Reading, type Step } from './type-reading.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-types-'));
after(() => rm(folder, { recursive: true }));

/** A step of one of the types that are read side by side. */
type TypeStep = Step & { readonly type: number };

async function checkSteps(typeCount: number, steps: readonly TypeStep[]): Promise<void> {
  const reading = await Reading.begin(folder, typeCount);
  try {
    for (let type = 0; type < typeCount; type++)
      if (!steps.some((step) => step.type === type)) await reading.end(type);
    for (const [index, step] of steps.entries()) {
      await reading.take(step.type, step);
      if (!steps.slice(index + 1).some(({ type }) => type === step.type)) await reading.end(step.type);
    }
    await reading.check();
  } finally {
    await reading.close();
  }
}

/** The hidden files that one type has made when it is complete; it is compared as well. */
async function filesAfter(steps: readonly Step[]): Promise<readonly string[]> {
  const reading = await Reading.begin(folder, 1);
  try {
    for (const step of steps) await reading.take(0, step);
    await reading.complete(0);
    const files = await reading.files();
    await reading.end(0);
    await reading.check();
    return files.toSorted();
  } finally {
    await reading.close();
  }
}

function add(project: Project, ...objects: readonly (readonly [name: string, sizeBytes?: number])[]): Step {
  return { kind: 'add', project, objects: objects.map(([name, sizeBytes = 100]) => ({ name, sizeBytes })) };
}

test('TypeSpool gives each project as a canonical List and its facts, in whatever order the objects came', async () => {
  // The last type has no projects.
  const projects = [['a', 'a-b', 'b', 'c'], ['b', 'a'], [undefined]] as const;
  const name = fc.oneof(
    fc.constantFrom('a', 'b', 'a.b', 'a-b', '__proto__', '10', '9', 'é', '"', '\\', '\u{1f600}', '\uffee'),
    fc.string({ minLength: 1, maxLength: 3 }),
  );
  const sizeBytes = fc.oneof(
    { weight: 24, arbitrary: fc.nat(300) },
    { weight: 4, arbitrary: fc.nat(150_000) },
    { weight: 1, arbitrary: fc.integer({ min: 500_000, max: LARGE }) },
  );
  const objects = fc.array(fc.record({ name, sizeBytes, isNoise: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  });
  const step = fc.nat(projects.length - 1).chain((type): fc.Arbitrary<TypeStep> => {
    const project = fc.constantFrom<Project[]>(...(projects[type] ?? []));
    return fc.oneof(
      {
        weight: 9,
        arbitrary: fc.record({ type: fc.constant(type), kind: fc.constant('add'), project, objects }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          type: fc.constant(type),
          kind: fc.constant('forget'),
          project: fc.oneof(project, fc.constant(undefined)),
        }),
      },
    );
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 24, size: 'max' }), (steps) =>
      checkSteps(projects.length, steps),
    ),
    { numRuns: 60 },
  );
});

describe('TypeSpool makes a file', () => {
  const small = ['a', 'b', 'c'].map((project) => add(project, ['x'], ['y']));
  const noise = Array.from({ length: 12 }, (_, index): Step => {
    return { kind: 'add', project: `p${index}`, objects: [{ name: 'x', sizeBytes: 700_000, isNoise: true }] };
  });
  const cases: Record<string, [steps: readonly Step[], files: readonly string[]]> = {
    'of nothing small': [small, []],
    'of no project of less than a megabyte': [
      [add('a', ['x', 500_000], ['y', 500_000]), ...small.slice(1)],
      [],
    ],
    'of objects that are together more than a megabyte': [
      [add('a', ['z', 400_000], ['x', 400_000]), add('a', ['y', 400_000]), ...small.slice(1)],
      ['type0s-objects'],
    ],
    'of one large object': [[...small, add('d', ['x', LARGE])], ['type0s-objects']],
    'of a project that was large before it was forgotten': [
      [add('a', ['x', LARGE]), { kind: 'forget', project: 'a' }, ...small],
      ['type0s-objects'],
    ],
    'of a project that comes again': [
      [add('a', ['z', 300_000]), add('b', ['x']), add('a', ['y'], ['x', 300_000])],
      ['type0s-objects'],
    ],
    'of no project that comes again in small': [[add('b', ['z']), add('a', ['x']), add('b', ['y'])], []],
    'of what is held, when it is much': [noise, ['archive.zip.held']],
    'of what is held until it is forgotten': [
      [...noise, { kind: 'forget', project: undefined }, ...noise.slice(3).toReversed(), ...small],
      ['archive.zip.held'],
    ],
    'of both': [
      [...noise, add('p3', ['y', 10]), add('q', ['x', LARGE])],
      ['archive.zip.held', 'type0s-objects'],
    ],
  };
  for (const [name, [steps, files]] of Object.entries(cases))
    test(name, async () => assert.deepEqual(await filesAfter(steps), files));
});

describe('TypeSpool refuses an object that came twice, and takes the list when it is read anew', () => {
  const cases: Record<string, readonly Step[]> = {
    'one behind the other': [add('a', ['x'], ['x'])],
    'of a type without projects': [add(undefined, ['x'], ['x'])],
    'with others between, before another project': [add('a', ['x'], ['y'], ['x']), add('b', ['x'])],
    'when its project comes again': [add('a', ['x']), add('b', ['x']), add('a', ['x'])],
    'twice in a project that comes again': [add('a', ['x']), add('b', ['x']), add('a', ['y'], ['y'])],
    'among others that came again': [
      add('a', ['x'], ['y']),
      add('b', ['x']),
      add('a', ['z']),
      add('b', ['y']),
      add('a', ['y']),
    ],
    'in a large project': [add('a', ['x', LARGE], ['y'], ['x'])],
    'where the project becomes large': [add('a', ['x'], ['y']), add('a', ['x', LARGE])],
    'as one that is large': [add('a', ['x', LARGE], ['x', LARGE])],
    'in a project that comes again and is large': [
      add('a', ['x']),
      add('b', ['x']),
      add('a', ['y', LARGE]),
      add('a', ['x', LARGE]),
    ],
  };
  for (const [name, steps] of Object.entries(cases)) {
    test(name, async () => {
      const reading = await Reading.begin(folder, 1);
      try {
        await assert.rejects(async () => {
          await reading.takeAll(0, steps);
          await reading.complete(0);
        }, TransportError);
        await reading.take(0, { kind: 'forget', project: undefined });
        for (const step of steps) await reading.take(0, step);
        await reading.end(0);
        await reading.check();
      } finally {
        await reading.close();
      }
    });
  }
});

test('TypeSpool does not forget that an object came twice when the next project is blamed for it', async () => {
  const reading = await Reading.begin(folder, 1);
  try {
    await reading.takeAll(0, [add('a', ['x'], ['x'])]);
    await assert.rejects(reading.takeAll(0, [add('b', ['x'])]), TransportError);
    await reading.take(0, { kind: 'forget', project: 'b' });
    await assert.rejects(reading.takeAll(0, [add('c', ['x'])]), TransportError);
    await assert.rejects(reading.complete(0), TransportError);
  } finally {
    await reading.close();
  }
});

test('TypeSpool keeps the memory of no list of a type that waits until it is written', async () => {
  const typeCount = 32;
  const reading = await Reading.begin(folder, typeCount);
  try {
    const objects = Array.from({ length: 9 }, (_, index) => ({ name: `x${index}`, sizeBytes: 100_000 }));
    const beforeBytes = bufferBytes();
    for (let type = 0; type < typeCount; type++) {
      await reading.takeAll(type, [{ kind: 'add', project: 'a', objects }]);
      await reading.complete(type);
    }
    const keptBytes = bufferBytes() - beforeBytes;
    // The writer has some batches for itself, which are a megabyte each.
    assert.ok(keptBytes < 10 * 1024 * 1024, `${keptBytes} bytes`);
  } finally {
    await reading.close();
  }
});

/** The memory of buffers that are still in use. */
function bufferBytes(): number {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  // V8 frees them in the background; the next collection waits for that.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

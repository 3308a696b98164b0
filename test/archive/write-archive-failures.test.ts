import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { BATCH_BYTES } from '../../src/archive/batch.ts';
import { ArchiveWriter, type EntryContent, type HeldEntry } from '../../src/archive/write-archive.ts';
import { mountProblem, mountTmpfs } from '../support/tmpfs.ts';
import { MANIFEST_HEAD } from './zip-fixtures.ts';

const run = promisify(execFile);
const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-failures-'));
after(() => rm(folder, { recursive: true }));

const WRITER = path.join(import.meta.dirname, '../../src/archive/write-archive.ts');
const MOUNT_PROBLEM = await mountProblem();
const IS_FULL = { code: 'ENOSPC', syscall: 'write' };

/** Bytes that don't shrink. */
function noise(sizeBytes: number): EntryContent {
  const bytes = randomBytes(sizeBytes);
  return { sizeBytes, objectCount: 1, chunks: () => [bytes] };
}

describe(
  'On a full disk, ArchiveWriter rejects with the error of the system',
  { skip: MOUNT_PROBLEM },
  () => {
    for (const [name, sizeBytes] of [
      ['small', 50_000],
      ['large', 3 * BATCH_BYTES],
    ] as const) {
      test(`${name} entries, and all that comes after them`, async () => {
        await onTmpfs('size=1m', async (writer) => {
          await assert.rejects(addWithoutEnd(writer, noise(sizeBytes)), IS_FULL);
          await assert.rejects(writer.add('z/configmaps.json', noise(1)), IS_FULL);
          await assert.rejects(
            writer.finish(() => MANIFEST_HEAD),
            IS_FULL,
          );
        });
      });
    }

    test('the end, where everything before it was still under way', async () => {
      await onTmpfs('size=64k', async (writer) => {
        await writer.add('a/configmaps.json', noise(100_000));
        await assert.rejects(
          writer.finish(() => MANIFEST_HEAD),
          IS_FULL,
        );
      });
    });
  },
);

test('ArchiveWriter can be closed in the middle: the call under way is rejected, and nothing more is written', async () => {
  const file = path.join(folder, 'closed.zip');
  const writer = await ArchiveWriter.create(file, new Date());
  const adding = assert.rejects(addWithoutEnd(writer, noise(700_000)), /has been closed/u);
  await writer.add('z/configmaps.json', noise(1));
  await writer.close();
  const { size } = await stat(file);
  await adding;
  await assert.rejects(writer.add('z/configmaps.json', noise(1)), /has been closed/u);
  await assert.rejects(
    writer.finish(() => MANIFEST_HEAD),
    /has been closed/u,
  );
  assert.equal((await stat(file)).size, size);
});

test('ArchiveWriter refuses a large entry that is not as long as it said', async () => {
  for (const difference of [-1, 1]) {
    const writer = await ArchiveWriter.create(path.join(folder, `large${difference}.zip`), new Date());
    const content = { ...noise(2 * BATCH_BYTES), sizeBytes: 2 * BATCH_BYTES + difference };
    await assert.rejects(writer.add('a/configmaps.json', content), /as it said/u);
    await assert.rejects(writer.add('b/configmaps.json', noise(1)), /as it said/u);
    await writer.close();
  }
});

describe('ArchiveWriter notices that its thread has ended', () => {
  for (const [name, act, message] of [
    ['by an exit', 'process.exit(7)', 'The packing thread has ended with code 7'],
    ['by an error', 'throw new RangeError("out of luck")', 'out of luck'],
  ] as const) {
    test(name, async () => {
      // Loaded into every thread of the child before anything else.
      const fault = `import{isMainThread,parentPort}from"node:worker_threads";if(!isMainThread)parentPort.on("message",()=>{${act}})`;
      const script = `
        const { ArchiveWriter } = await import(${JSON.stringify(WRITER)});
        const writer = await ArchiveWriter.create(process.argv[2], new Date());
        const chunks = () => [new Uint8Array(700_000)];
        const failures = [];
        const call = (promise) => promise.catch((error) => failures.push(error.message));
        while (failures.length === 0) await call(writer.add('a/a.json', { sizeBytes: 700_000, objectCount: 1, chunks }));
        await call(writer.add('a/a.json', { sizeBytes: 700_000, objectCount: 1, chunks }));
        await call(writer.finish(() => ({})));
        await writer.close();
        console.log(JSON.stringify(failures));
      `;
      const file = path.join(folder, `${name}.mjs`);
      const args = [
        '--import',
        `data:text/javascript,${encodeURIComponent(fault)}`,
        file,
        path.join(folder, `${name}.zip`),
      ];
      await writeFile(file, script);
      const { stdout } = await run(process.execPath, args);
      assert.deepEqual(JSON.parse(stdout), [message, message, message]);
    });
  }
});

test('ArchiveWriter closes its file also when that of the held entries can not be removed', async () => {
  const file = path.join(folder, 'unremovable.zip');
  const writer = await ArchiveWriter.create(file, new Date());
  await mkdir(`${file}.held`);
  await assert.rejects(writer.close(), { code: 'ERR_FS_EISDIR' });
  const open = await Promise.allSettled(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`)),
  );
  assert.ok(open.length > 0);
  assert.ok(!open.some((link) => link.status === 'fulfilled' && link.value === file));
});

describe('ArchiveWriter rejects what is recalled, and all that comes after,', () => {
  test('when there is a file where it would hold entries', async () => {
    const file = path.join(folder, 'taken.zip');
    await writeFile(`${file}.held`, '');
    const writer = await ArchiveWriter.create(file, new Date());
    try {
      await assertFails(writer, { code: 'EEXIST', syscall: 'open' });
    } finally {
      await writer.close();
    }
  });

  test('when it is closed', async () => {
    const writer = await ArchiveWriter.create(path.join(folder, 'held.zip'), new Date());
    const held = [1, 2, 3].map(() => hold(writer, 500_000));
    const [last = assert.fail()] = held.splice(2);
    const recalls = held.map((number) => assert.rejects(writer.recall([number]), /has been closed/u));
    await writer.close();
    await Promise.all(recalls);
    await assertRefusesAll(writer, last, /has been closed/u);
  });

  test('when the volume of the held entries is full', { skip: MOUNT_PROBLEM }, async () => {
    const tmpfs = await mountTmpfs('size=2m');
    try {
      const file = path.join(folder, 'full.zip');
      const writer = await ArchiveWriter.create(file, new Date(), path.join(tmpfs.dir, 'held'));
      try {
        await assertFails(writer, IS_FULL);
      } finally {
        await writer.close();
      }
      assert.deepEqual(await readdir(tmpfs.dir), []);
    } finally {
      await tmpfs.unmount();
    }
  });

  test('when the volume of the archive is full', { skip: MOUNT_PROBLEM }, async () => {
    const tmpfs = await mountTmpfs('size=256k');
    const writer = await ArchiveWriter.create(path.join(tmpfs.dir, 'full.zip'), new Date());
    try {
      const [last = assert.fail(), placed = assert.fail()] = [1, 2].map(() => hold(writer, 900_000));
      writer.place(placed);
      await assert.rejects(
        writer.finish(() => MANIFEST_HEAD),
        IS_FULL,
      );
      await assertRefusesAll(writer, last, IS_FULL);
    } finally {
      await writer.close();
      await tmpfs.unmount();
    }
  });
});

/** Recalls an entry behind others that are too many for memory, and then tries all that may come later. */
async function assertFails(writer: ArchiveWriter, expected: object): Promise<void> {
  // The thread answers when this one waits, so all of it is under way.
  const [first = assert.fail(), last = assert.fail()] = Array.from({ length: 8 }, () =>
    hold(writer, 700_000),
  );
  await assert.rejects(writer.recall([first]), expected);
  await assertRefusesAll(writer, last, expected);
}

async function assertRefusesAll(writer: ArchiveWriter, held: HeldEntry, expected: object): Promise<void> {
  assert.throws(() => hold(writer, 10), expected);
  assert.throws(() => writer.drop([held]), expected);
  await assert.rejects(writer.recall([held]), expected);
  assert.throws(() => writer.place(held), expected);
  await assert.rejects(writer.settle(), expected);
  await assert.rejects(writer.add('b/configmaps.json', noise(10)), expected);
  await assert.rejects(
    writer.finish(() => MANIFEST_HEAD),
    expected,
  );
}

/** Hands over bytes that don't shrink. */
function hold(writer: ArchiveWriter, sizeBytes: number): HeldEntry {
  return writer.hold({ path: 'a/configmaps.json', objectCount: 1 }, [randomBytes(sizeBytes)]);
}

/** Adds an entry again and again, until that fails. */
async function addWithoutEnd(writer: ArchiveWriter, content: EntryContent): Promise<never> {
  for (let index = 0; ; index++) await writer.add(`p${index}/configmaps.json`, content);
}

async function onTmpfs(options: string, act: (writer: ArchiveWriter) => Promise<void>): Promise<void> {
  const tmpfs = await mountTmpfs(options);
  try {
    const writer = await ArchiveWriter.create(path.join(tmpfs.dir, 'full.zip'), new Date());
    try {
      await act(writer);
    } finally {
      await writer.close();
    }
  } finally {
    await tmpfs.unmount();
  }
}

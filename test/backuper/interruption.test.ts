import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, test, type TestContext } from 'node:test';
import { argumentsOf } from '../../src/model/backuper-arguments.ts';
import { leaveFree, mountTmpfs } from '../support/tmpfs.ts';
import { manifest } from './rich-tree.ts';
import {
  backuper,
  DEFAULTS,
  type Finished,
  newFolder,
  type Place,
  ROOT,
  type Running,
  skip,
  startBackuper,
  startWith,
} from './run-backuper.ts';

const COUNT = 400;
const FILE_BYTES = 20_000;
/** Then a copy takes some ten seconds, unless something ends it. */
const SLOW = { bandwidthKiB: 800 };
const DEADLINE_MS = 60_000;

async function newPlace(count = COUNT): Promise<Place> {
  const folder = await newFolder();
  const place = { folder, source: path.join(folder, 'source'), target: path.join(folder, 'target') };
  for (const side of [place.source, place.target]) await mkdir(side);
  for (let index = 0; index < count; index += 1) {
    await writeFile(
      path.join(place.source, `file-${String(index).padStart(4, '0')}`),
      randomBytes(FILE_BYTES),
    );
  }
  return place;
}

/** Waits until something is so, asking again and again. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const beganMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - beganMs > DEADLINE_MS) throw new Error(`not within a minute: ${what}`);
    await delay(10);
  }
}

/** A slow copy, of which some files have arrived. */
async function underWay(place: Place, given: Parameters<typeof startBackuper>[1] = {}): Promise<Running> {
  const running = await startBackuper(place, { ...SLOW, ...given });
  await arriving(place);
  return running;
}

const arriving = (place: Place): Promise<void> =>
  until(
    'files arrive',
    async () => (await readdir(place.target)).filter((name) => name[0] === 'f').length > 2,
  );

async function tmpfsFor(t: TestContext, options: string): Promise<string> {
  const { dir, unmount } = await mountTmpfs(options);
  t.after(unmount);
  return dir;
}

describe('A copy that is broken off', { skip }, () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`by ${signal} ends rsync, says so, and the next one is whole`, async () => {
      const place = await newPlace();
      const { child, finished } = await underWay(place);
      child.kill(signal);
      const { code, report } = await finished;
      assert.deepEqual([code, report?.outcome], [1, 'interrupted']);
      assert.match(report?.message ?? '', new RegExp(`^Ended by ${signal}, .*: run it again$`, 'u'));
      const next = await backuper(place);
      assert.equal(next.outcome, 'done', `nobody holds the target any more: ${next.message}`);
      assert.equal(manifest(place.target), manifest(place.source));
    });
  }

  test('by SIGTERM as the first process of a container', async () => {
    const place = await newPlace();
    const args = argumentsOf({ ...DEFAULTS, ...SLOW });
    const unshare = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const { child, finished } = await startWith(place, args, ROOT, unshare);
    await arriving(place);
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
    process.kill(Number(children.trim()), 'SIGTERM');
    const { report } = await finished;
    assert.equal(report?.outcome, 'interrupted');
  });

  test('by SIGKILL leaves no report, and nothing that the next one could not mend', async () => {
    const place = await newPlace();
    const { child, finished } = await underWay(place);
    child.kill('SIGKILL');
    const { killedBy, report } = await finished;
    assert.deepEqual([killedBy, report], ['SIGKILL', undefined]);
    // rsync itself lives until it has nobody to talk to, and as long keeps others out.
    let next = await backuper(place);
    await until('the target is free', async () => {
      if (next.outcome === 'busy') next = await backuper(place);
      return next.outcome !== 'busy';
    });
    assert.equal(next.outcome, 'done', next.message);
    assert.equal(manifest(place.target), manifest(place.source));
  });
});

test('Two copies into one target: the second one is busy', { skip }, async () => {
  const place = await newPlace();
  const first = await underWay(place);
  for (const into of ['', 'inside']) {
    const report = await backuper(place, { into });
    assert.deepEqual([report.code, report.outcome], [1, 'busy'], into);
  }
  first.child.kill('SIGTERM');
  await first.finished;
  await rm(place.target, { recursive: true });
  await mkdir(place.target);
  const [one, two] = await Promise.all(['one', 'two'].map((into) => backuper(place, { into })));
  assert.deepEqual([one?.outcome, two?.outcome], ['done', 'done'], 'folders side by side are two targets');
});

test('Progress is told at most every two seconds, then the report, and nothing else', { skip }, async () => {
  const place = await newPlace();
  const { lines, stderr, report, code } = await (await startBackuper(place, SLOW)).finished;
  assert.deepEqual([code, stderr], [0, '']);
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(parsed.at(-1), report);
  const progress = parsed.slice(0, -1);
  assert.ok(progress.length >= 2, 'there is some');
  assert.ok(progress.length <= (report?.durationMs ?? 0) / 2000 + 1, `${progress.length} lines`);
  for (const line of progress) {
    assert.deepEqual(Object.keys(line), ['progress']);
    assert.deepEqual(Object.keys(line['progress'] ?? {}), ['sizeBytes', 'percent', 'bytesPerSecond']);
  }
});

/** A copy of a source that loses files before their turn comes. */
async function vanishing(isLive: boolean): Promise<Finished> {
  const place = await newPlace();
  const { finished } = await underWay(place, { isLive });
  for (const name of (await readdir(place.source)).toSorted().slice(-20))
    await rm(path.join(place.source, name));
  return finished;
}

describe('Files that vanish while they are copied', { skip }, () => {
  test('from a live source are a warning', async () => {
    const { code, report } = await vanishing(true);
    assert.equal(code, 0);
    assert.ok(report?.outcome === 'done' || report?.outcome === 'fuzzy', report?.message);
    assert.equal(report.copied?.rsyncExit, 24);
    assert.deepEqual(report.warnings, ['20 names vanished from the source meanwhile']);
  });

  test('from a source that nobody should write to are a failure', async () => {
    const { code, report } = await vanishing(false);
    assert.deepEqual([code, report?.outcome], [1, 'vanished']);
    assert.match(report?.errors[0] ?? '', /^file has vanished: /u);
  });
});

describe('A target', { skip }, () => {
  test('that has too little room is not even begun with', async (t) => {
    const place = { ...(await newPlace(100)), target: await tmpfsFor(t, 'size=1m') };
    const report = await backuper(place);
    assert.deepEqual([report.code, report.outcome], [1, 'target-full']);
    assert.match(
      report.message,
      /^The source takes [\d.]+ MiB and the target has [\d.]+ MiB free, \d+ KiB too little: /u,
    );
    assert.deepEqual(await readdir(place.target), []);
  });

  test('that has too few inodes is not even begun with', async (t) => {
    const place = { ...(await newPlace(100)), target: await tmpfsFor(t, 'size=20m,nr_inodes=50') };
    const report = await backuper(place);
    assert.deepEqual([report.outcome, await readdir(place.target)], ['target-full', []]);
    assert.match(report.message, /room for 4\d entries more, and the source has 100 entries: /u);
  });

  test('that somebody else fills meanwhile is full', async (t) => {
    const place = { ...(await newPlace()), target: await tmpfsFor(t, 'size=20m') };
    const { finished } = await underWay(place);
    // The copy takes room as well meanwhile: whoever gets the last of it, there is none left.
    await leaveFree(place.target, 4).catch(() => undefined);
    const { code, report } = await finished;
    assert.deepEqual([code, report?.outcome], [1, 'target-full'], report?.message);
    // By whether it runs out in the middle of a file, or at the beginning of one, and who of its processes notices.
    assert.ok([11, 12, 23].includes(report?.copied?.rsyncExit ?? 0), String(report?.copied?.rsyncExit));
    assert.match(report?.errors[0] ?? '', /No space left on device/u);
  });

  test('with room for one copy alone takes one that shares nothing with it', async (t) => {
    const place = { ...(await newPlace()), target: await tmpfsFor(t, 'size=12m') };
    assert.equal((await backuper(place)).outcome, 'done');
    for (const name of await readdir(place.source)) {
      await writeFile(path.join(place.source, `new-${name}`), randomBytes(FILE_BYTES));
      await rm(path.join(place.source, name));
    }
    const report = await backuper(place);
    assert.equal(report.outcome, 'done', report.message);
    assert.equal(manifest(place.target), manifest(place.source));
  });

  test('that keeps no attributes gets none, and that is said where there were any', async (t) => {
    const place = await newPlace(2);
    execFileSync('mount', ['-t', 'ramfs', 'ramfs', place.target]);
    t.after(() => execFileSync('umount', [place.target]));
    assert.deepEqual((await backuper(place)).warnings, []);
    execFileSync('setfattr', ['-n', 'user.colour', '-v', 'red', path.join(place.source, 'file-0000')]);
    execFileSync('setfacl', ['-m', 'u:4711:r', path.join(place.source, 'file-0001')]);
    const report = await backuper(place);
    const lost = 'ACLs (1) and no extended attributes (1): they are not in the copy';
    assert.deepEqual(
      [report.outcome, report.warnings],
      ['done', [`The target's file system keeps no ${lost}`]],
    );
  });

  test('that keeps whole seconds only is compared by those, and has its own folder left alone', async (t) => {
    const place = await newPlace(3);
    const image = path.join(place.folder, 'image');
    execFileSync('truncate', ['-s', '16M', image]);
    execFileSync('mkfs.ext4', ['-q', '-I', '128', image], { stdio: 'ignore' });
    execFileSync('mount', ['-o', 'loop', image, place.target]);
    t.after(() => execFileSync('umount', [place.target]));
    for (const checksum of [false, true]) {
      const report = await backuper(place, { checksum });
      assert.equal(report.outcome, 'done', report.verification?.differences.join('\n'));
    }
    assert.equal((await backuper(place)).copied?.fileCount, 0, 'a second pass has nothing to do');
    assert.ok((await readdir(place.target)).includes('lost+found'));
  });
});

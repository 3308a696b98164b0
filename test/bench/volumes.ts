import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compareTrees } from '../../src/backuper/compare-trees.ts';
import type { Tree } from '../../src/backuper/walk-tree.ts';
import { type BackuperReport, WHOLE_VOLUME } from '../../src/model/backuper.ts';
import { argumentsOf } from '../../src/model/backuper-arguments.ts';
import { commandOf, measure, median } from './measure.ts';

/*
 * Measures copies of volumes against plain `rsync -a` on the same folders: large files first, then small ones.
 * Both end with a sync of the file system, or the faster one would be who leaves more to the kernel.
 *
 *     node test/bench/volumes.ts [--gigabytes 10] [--files 200000] [--rounds 3] [--dir FOLDER]
 */
const LARGE_FILE_BYTES = 256 * 1024 * 1024;
const SMALL_FILE_BYTES = 2000;
const FILES_PER_FOLDER = 200;
const PIECE = randomBytes(4 * 1024 * 1024);
/** A copy each of ours and of rsync's, and some air. */
const COPIES = 3.3;

const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '10' },
    files: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const [gigabytes, files] = [Number(values.gigabytes), Number(values.files)];

async function main(): Promise<number> {
  const neededBytes = COPIES * (gigabytes * 1e9 + files * 2 * 4096);
  const { bavail, bsize } = await statfs(values.dir);
  if (!(neededBytes < bavail * bsize)) {
    const figures = `${(neededBytes / 1e9).toFixed(1)} GB, and ${values.dir} has ${((bavail * bsize) / 1e9).toFixed(1)} GB`;
    console.error(`This needs ${figures}: give a smaller --gigabytes and --files, or another --dir`);
    return 2;
  }
  const folder = await mkdtemp(path.join(values.dir, 'openshift-backup-bench-volumes-'));
  try {
    // What the image runs.
    execFileSync('npm', ['run', '-s', 'build', '--', '--dir', path.join(folder, 'dist')]);
    console.log(`${'Medians in seconds'.padEnd(38)}   rsync -a        copy      verify   ratio`);
    await compare(folder, `${gigabytes} GB in large files`, (source) => makeLarge(source, gigabytes * 1e9));
    await compare(folder, `${files} small files`, (source) => makeSmall(source, files));
  } finally {
    await rm(folder, { recursive: true });
  }
  return 0;
}

/** Seconds that the rounds took. */
class Times {
  readonly rsync: number[] = [];
  readonly whole: number[] = [];
  readonly verification: number[] = [];

  print(name: string): void {
    const [rsync, whole, verification] = [this.rsync, this.whole, this.verification].map(median) as [number, number, number];
    const copy = whole - verification;
    const figures = [rsync, copy, verification].map((one) => one.toFixed(2).padStart(11)).join(' ');
    console.log(`${name.padEnd(38)}${figures} ${(copy / rsync).toFixed(2).padStart(7)}`);
  }
}

async function compare(folder: string, title: string, make: (source: string) => Promise<void>): Promise<void> {
  const source = path.join(folder, 'source');
  await mkdir(source);
  await make(source);
  const [copy, second] = [new Times(), new Times()];
  let peakMiB = 0;
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const [plain, ours] = ['plain', 'ours'].map((name) => path.join(folder, name)) as [string, string];
    for (const place of [plain, ours]) await mkdir(place);
    for (const times of [copy, second]) {
      const steps = [
        async () => times.rsync.push(await plainSeconds(source, plain)),
        async () => {
          const { seconds, peakMiB: peak } = await backuper(source, ours, folder);
          times.whole.push(seconds);
          peakMiB = Math.max(peakMiB, peak);
        },
      ];
      // Whoever comes second finds the source in memory.
      for (const step of round % 2 === 0 ? steps : steps.toReversed()) {
        execFileSync('sync', ['-f', folder]);
        await step();
      }
      times.verification.push(await verificationSeconds(source, ours));
    }
    await Promise.all([plain, ours].map((place) => rm(place, { recursive: true })));
  }
  await rm(source, { recursive: true });
  copy.print(`${title}, copy`);
  second.print(`${title}, second pass`);
  console.log(`  at most ${peakMiB.toFixed(0)} MiB, without rsync's own`);
}

async function plainSeconds(source: string, target: string): Promise<number> {
  const rsync = await measure(['rsync', '-a', `${source}/`, `${target}/`]);
  return rsync.wallSeconds + (await measure(['sync', '-f', target])).wallSeconds;
}

async function verificationSeconds(source: string, target: string): Promise<number> {
  const [one, other] = [source, target].map((place): Tree => ({ folder: place, leftOut: [] })) as [Tree, Tree];
  const comparison = { source: one, target: other, isRootCompared: true, timeDigits: 9, expectedCount: 0, beganSeconds: 0 };
  const beganMs = performance.now();
  const { differenceCount } = await compareTrees(comparison, new AbortController().signal);
  if (differenceCount > 0) throw new Error(`${differenceCount} differences`);
  return (performance.now() - beganMs) / 1000;
}

async function backuper(
  source: string,
  target: string,
  folder: string,
): Promise<{ seconds: number; peakMiB: number }> {
  const log = path.join(folder, 'termination-log');
  const args = argumentsOf({
    task: 'copy',
    identity: 'root',
    ...WHOLE_VOLUME,
  });
  const beganMs = performance.now();
  const [program = '', ...start] = commandOf(path.join(folder, 'dist/backuper.js'));
  const child = spawn(program, [...start, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { BACKUPER_SOURCE: source, BACKUPER_TARGET: target, BACKUPER_TERMINATION_LOG: log },
  });
  let peakMiB = 0;
  const sampler = setInterval(() => void peakOf(child.pid).then((now) => (peakMiB = Math.max(peakMiB, now))), 20);
  const [code] = (await once(child, 'close')) as [number];
  clearInterval(sampler);
  const report = JSON.parse(await readFile(log, 'utf8')) as BackuperReport;
  if (code !== 0) throw new Error(report.message);
  return { seconds: (performance.now() - beganMs) / 1000, peakMiB };
}

async function peakOf(pid: number | undefined): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/u.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    // It has just ended.
    return 0;
  }
}

async function makeLarge(folder: string, bytes: number): Promise<void> {
  for (let made = 0, index = 0; made < bytes; index += 1) {
    const size = Math.min(LARGE_FILE_BYTES, bytes - made);
    const file = await open(path.join(folder, `large-${index}`), 'w');
    for (let written = 0; written < size; written += PIECE.length) {
      await file.write(PIECE, 0, Math.min(PIECE.length, size - written));
    }
    await file.close();
    made += size;
  }
}

async function makeSmall(folder: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const place = path.join(folder, `folder-${Math.floor(index / FILES_PER_FOLDER)}`);
    if (index % FILES_PER_FOLDER === 0) await mkdir(place);
    const start = (index * 7) % (PIECE.length - SMALL_FILE_BYTES);
    await writeFile(path.join(place, `file-${index}`), PIECE.subarray(start, start + SMALL_FILE_BYTES));
  }
}

process.exitCode = await main();

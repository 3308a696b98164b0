// How long a comparison of two archives takes, beside unpacking them for `diff -r`, and beside dyff.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CHANGES, type DriftArchives, writeDriftArchives } from './drift-archives.ts';
import { ensureDyff } from './dyff.ts';
import { measure, type Measured, median } from './measure.ts';

/** dyff compares the lists of so many projects; a process for each list of a large cluster takes too long. */
const SAMPLE_PROJECTS = 20;

/** What `bench/latest.json` holds of it; README says what each key means. */
export interface DriftResult {
  readonly diffChanges: number;
  readonly diffSeconds: number;
  readonly diffPeakMiB: number;
  readonly equalDiffSeconds: number;
  readonly equalDiffPeakMiB: number;
  readonly unpackedDiffSeconds: number | null;
  readonly unpackedDiffPeakMiB: number | null;
  readonly dyffSecondsExtrapolated: number | null;
  readonly timesFasterThanUnpackedDiff: number | null;
  readonly timesFasterThanDyff: number | null;
}

/** How it is measured. */
export interface DriftBench {
  /** How the tool is started, as the image starts it. */
  readonly tool: readonly string[];
  readonly folder: string;
  readonly projectCount: number;
  readonly rounds: number;
  readonly log: (line: string) => void;
}

/** Measures whole processes, on archives of generated objects. */
export async function benchDrift(bench: DriftBench): Promise<DriftResult> {
  const { folder, projectCount, rounds, log } = bench;
  log(`two nights with ${CHANGES} changes between them, and an equal one`);
  const archives = await writeDriftArchives(folder, projectCount);
  // Once, so that all begin with a warm disk.
  await diff(bench, archives, archives.after);
  await diff(bench, archives, archives.equal);
  const changed: Measured[] = [];
  const equal: Measured[] = [];
  const unpacked: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    changed.push(await diff(bench, archives, archives.after));
    equal.push(await diff(bench, archives, archives.equal));
    const other = await unpackedDiff(folder, archives);
    if (other) unpacked.push(other);
    log(
      `round ${round + 1} of ${rounds}: diff ${changed.at(-1)?.wallSeconds.toFixed(2)} s, of equal ones ` +
        `${equal.at(-1)?.wallSeconds.toFixed(2)} s, unzip and diff -r ${other?.wallSeconds.toFixed(2) ?? '-'} s`,
    );
  }
  const dyff = unpacked.length === 0 ? null : await dyffSeconds(folder, projectCount, log);
  const diffSeconds = secondsOf(changed);
  const unpackedDiffSeconds = unpacked.length === 0 ? null : secondsOf(unpacked);
  return {
    diffChanges: changeCount(changed),
    diffSeconds,
    diffPeakMiB: peakOf(changed),
    equalDiffSeconds: secondsOf(equal),
    equalDiffPeakMiB: peakOf(equal),
    unpackedDiffSeconds,
    unpackedDiffPeakMiB: unpacked.length === 0 ? null : peakOf(unpacked),
    dyffSecondsExtrapolated: dyff,
    timesFasterThanUnpackedDiff: unpackedDiffSeconds === null ? null : unpackedDiffSeconds / diffSeconds,
    timesFasterThanDyff: dyff === null ? null : dyff / diffSeconds,
  };
}

function line(title: string, seconds: number, rest: string): string {
  return `${title.padEnd(39)}${seconds.toFixed(2)} s   ${rest}`;
}

/** Lines for people. */
export function driftLines(result: DriftResult): string[] {
  const { unpackedDiffSeconds, unpackedDiffPeakMiB, dyffSecondsExtrapolated: dyff } = result;
  return [
    line(`(d) diff, ${result.diffChanges} objects changed`, result.diffSeconds, `${result.diffPeakMiB.toFixed(0)} MiB at most`),
    line('(e) diff, nothing changed', result.equalDiffSeconds, `${result.equalDiffPeakMiB.toFixed(0)} MiB at most`),
    unpackedDiffSeconds === null
      ? '(f) unzip and diff -r                  not measured: there is no unzip or diff here'
      : line('(f) unzip and diff -r', unpackedDiffSeconds, `${(unpackedDiffPeakMiB ?? 0).toFixed(0)} MiB at most`),
    dyff === null
      ? '(g) dyff on what was unpacked          not measured'
      : line('(g) dyff on what (f) unpacked, extrap.', dyff, `(from ${SAMPLE_PROJECTS} projects)`),
    `diff: ${times(result.timesFasterThanUnpackedDiff)} faster than (f), ${times(result.timesFasterThanDyff)} faster than (g)`,
  ];
}

async function diff({ tool }: DriftBench, { dir, before }: DriftArchives, after: string): Promise<Measured> {
  return await measure([...tool, 'diff', before, after, '--dir', dir, '--exit-zero', '-o', 'json']);
}

/** Makes sure that what was measured is the comparison that was meant. */
function changeCount(measured: readonly Measured[]): number {
  const { summary } = JSON.parse(measured[0]?.stdout ?? '{}') as { summary: { changedCount: number } };
  // In a small cluster several fall on one object.
  if (summary.changedCount === 0 || summary.changedCount > CHANGES)
    throw new Error(`diff found ${summary.changedCount} changes of ${CHANGES}`);
  return summary.changedCount;
}

/** What everybody has: undefined where unzip or diff is missing. */
async function unpackedDiff(folder: string, { dir, before, after }: DriftArchives): Promise<Measured | undefined> {
  const places = [join(folder, 'before'), join(folder, 'after')] as const;
  for (const place of places) await rm(place, { recursive: true, force: true });
  try {
    const steps = [
      await measure(['unzip', '-q', join(dir, before), '-d', places[0]]),
      await measure(['unzip', '-q', join(dir, after), '-d', places[1]]),
      await measure(['diff', '-r', ...places], [1]),
    ];
    const wallSeconds = steps.reduce((sum, step) => sum + step.wallSeconds, 0);
    return { wallSeconds, peakMiB: peakOf(steps), stdout: '' };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** dyff compares two files: once for each list of a project. Null where it can't be had. */
async function dyffSeconds(folder: string, projectCount: number, log: (line: string) => void): Promise<number | null> {
  const dyff = await ensureDyff();
  if ('missing' in dyff) {
    log(`dyff is not measured: ${dyff.missing}`);
    return null;
  }
  const [before, after] = [join(folder, 'before'), join(folder, 'after')];
  const all = (await readdir(before)).filter((name) => name.startsWith('bench-')).toSorted();
  // The same share of changed projects as in all of them.
  const step = Math.max(1, Math.floor(all.length / SAMPLE_PROJECTS));
  const sample = all.filter((_name, index) => index % step === 0).slice(0, SAMPLE_PROJECTS);
  log(`dyff, on ${sample.length} projects`);
  const seconds: number[] = [];
  for (const project of sample) {
    const startedMs = performance.now();
    for (const file of await readdir(join(before, project)))
      await measure([dyff.path, 'between', '--omit-header', join(before, project, file), join(after, project, file)]);
    seconds.push((performance.now() - startedMs) / 1000);
  }
  return median(seconds) * projectCount;
}

function secondsOf(measured: readonly Measured[]): number {
  return median(measured.map(({ wallSeconds }) => wallSeconds));
}

function peakOf(measured: readonly Measured[]): number {
  return Math.max(...measured.map(({ peakMiB }) => peakMiB));
}

function times(ratio: number | null): string {
  return ratio === null ? 'not known how many times' : `${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)} times`;
}

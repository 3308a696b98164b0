import { lstat } from 'node:fs/promises';
import type { BackuperOutcome, Verification, WriterIdentity } from '../model/backuper.ts';
import { counted, safeText } from '../model/text.ts';
import { ownGroups } from './check-copy.ts';
import { type Compared, compareTrees, type Comparison } from './compare-trees.ts';
import { lineSplitter } from './lines.ts';
import { cut } from './printable.ts';
import { contentArguments, type CopyForm } from './rsync-arguments.ts';
import { complaintOf, type ComplaintKind } from './rsync-output.ts';
import { rsyncVerdict } from './rsync-outcome.ts';
import { runProgram } from './run-program.ts';
import { Stopped } from './stopped.ts';

/** A comparison, and how contents are read when they are to be compared too. */
export interface VerifyOptions {
  readonly comparison: Comparison;
  readonly contents: CopyForm | undefined;
  readonly isLive: boolean;
  readonly signal: AbortSignal;
}

/** What a verification has found, and what that makes of the copy. */
export interface Verified {
  readonly verification: Verification;
  readonly outcome: Extract<BackuperOutcome, 'done' | 'fuzzy' | 'unequal'>;
  readonly message: string;
}

const SHOWN = 10;
/** Two machines' clocks may differ by so many seconds: the source's server may set times, and this one reads them. */
const CLOCKS_DIFFER_SECONDS = 300;

/** What of a copy is compared; see Comparison. */
export async function comparisonOf(
  form: Pick<CopyForm, 'source' | 'target' | 'leftOut' | 'timeDigits'>,
  options: { readonly identity: WriterIdentity; readonly expectedCount: number; readonly beganMs: number },
): Promise<Comparison> {
  const { source, target, leftOut, timeDigits } = form;
  return {
    source: { folder: source, leftOut },
    target: { folder: target, leftOut },
    // Without root's rights a folder of somebody else stays as it is, and one of our own gets no other owner.
    isRootCompared: options.identity === 'root' || ((await isOwn(source)) && (await isOwn(target))),
    timeDigits,
    expectedCount: options.expectedCount,
    beganSeconds: options.beganMs / 1000 - CLOCKS_DIFFER_SECONDS,
  };
}

async function isOwn(folder: string): Promise<boolean> {
  const { uid, gid } = await lstat(folder);
  return uid === process.getuid?.() && ownGroups().has(gid);
}

/**
 * Holds a copy against its source. Differences in a source that somebody writes to are fuzzy, unless the source's
 * entry has not changed since the copy began: then the copy is wrong.
 *
 * @throws Stopped when one of the two can't be read
 */
export async function verifyCopy(options: VerifyOptions): Promise<Verified> {
  const { comparison, contents, isLive, signal } = options;
  const compared = await compareTrees(comparison, signal);
  const read = contents ? await compareContents(contents, options) : { differenceCount: 0, differences: [] };
  const verification: Verification = {
    entryCount: compared.entryCount,
    differenceCount: Math.max(compared.differenceCount, read.differenceCount),
    differences: [...new Set([...compared.differences, ...read.differences])].slice(0, SHOWN),
    hasReadContents: contents !== undefined,
  };
  return { verification, ...judge(compared, verification, isLive) };
}

function judge(
  { settledCount }: Compared,
  { differenceCount, entryCount }: Verification,
  isLive: boolean,
): Pick<Verified, 'outcome' | 'message'> {
  const total = `${entryCount.toLocaleString('en')} ${entryCount === 1 ? 'entry' : 'entries'}`;
  if (differenceCount === 0) return { outcome: 'done', message: `${total}, the same on both sides` };
  const differ = `${counted(differenceCount, 'difference')} in ${total}`;
  if (isLive && settledCount === 0) {
    const advice = 'keep the application still for a copy of one moment';
    return { outcome: 'fuzzy', message: `${differ}, in a source that is written to: ${advice}` };
  }
  return {
    outcome: 'unequal',
    message: `${differ}: the target is no copy of the source, see the differences`,
  };
}

/** Reads every file on both sides. */
async function compareContents(
  form: CopyForm,
  { comparison, isLive, signal }: VerifyOptions,
): Promise<Pick<Verification, 'differenceCount' | 'differences'>> {
  const differences: string[] = [];
  let differenceCount = 0;
  const onLine = lineSplitter((line) => {
    const text = contentDifference(line, comparison.isRootCompared);
    if (text === undefined) return;
    differenceCount += 1;
    if (differences.length < SHOWN) differences.push(text);
  });
  const complaints: Partial<Record<ComplaintKind, number>> = {};
  const onError = lineSplitter((line) => {
    const kind = complaintOf(line);
    if (!line.startsWith('rsync error: ')) complaints[kind] = (complaints[kind] ?? 0) + 1;
  });
  const ended = await runProgram('rsync', contentArguments(form), {
    signal,
    onStdout: onLine,
    onStderr: onError,
  });
  for (const end of [onLine, onError]) end(Buffer.of());
  const verdict = rsyncVerdict(ended, { complaints }, isLive);
  if (verdict.kind === 'stopped') throw new Stopped(verdict.outcome, verdict.message);
  return { differenceCount, differences };
}

/**
 * What a line of rsync's itemized output says, as in `>fcs....... path`: `c` for contents, `s` for size. Undefined
 * where only the time of a folder differs, or the root's own attributes, which may not count.
 */
export function contentDifference(line: string, isRootCompared: boolean): string | undefined {
  const found = /^(?<item>\*deleting|\S{11}) +(?<path>.+)$/u.exec(line)?.groups;
  if (!found) return undefined;
  const { item = '', path = '' } = found;
  if (/^\.d\.\.t\.*$/u.test(item) || (path === './' && !isRootCompared)) return undefined;
  const what =
    item === '*deleting'
      ? 'only in the target'
      : /^.fc/u.test(item)
        ? 'contents differ'
        : `differs (${item})`;
  return `${cut(safeText(path), 200)}: ${what}`;
}

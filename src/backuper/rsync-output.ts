import type { BackuperProgress } from '../model/backuper.ts';
import { safeText } from '../model/text.ts';
import { lineSplitter } from './lines.ts';
import { cut } from './printable.ts';

/** What rsync complains of, by what has to be done about it. */
export type ComplaintKind = 'full' | 'owners' | 'denied-source' | 'denied-target' | 'vanished' | 'other';

/** What rsync has said at its end, and complained of meanwhile. */
export interface RsyncOutput {
  readonly fileCount: number;
  readonly sizeBytes: number;
  readonly deletedCount: number;
  readonly complaints: Readonly<Partial<Record<ComplaintKind, number>>>;
  /** The first few, printable. */
  readonly errors: readonly string[];
}

/** Reads rsync's outputs as they come. */
export interface RsyncReader {
  readonly onStdout: (chunk: Buffer) => void;
  readonly onStderr: (chunk: Buffer) => void;
  readonly finish: () => RsyncOutput;
}

const ERRORS_SHOWN = 10;
const ERROR_LENGTH_MAX = 240;
/** As in `    1048576  10%  1.00MB/s    0:00:09`; the bytes are raw with `--no-h`. */
const PROGRESS = /^\s*(?<bytes>\d+)\s+\d+%\s+(?<rate>[\d.]+)(?<unit>[kMGT]?)B\/s/u;
const STATISTICS = {
  fileCount: /^Number of regular files transferred: (?<count>\d+)/u,
  sizeBytes: /^Total transferred file size: (?<count>\d+)/u,
  deletedCount: /^Number of deleted files: (?<count>\d+)/u,
};
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
/** The first one that fits counts. */
const COMPLAINTS: readonly (readonly [pattern: RegExp, kind: ComplaintKind])[] = [
  [/No space left on device|Disk quota exceeded/u, 'full'],
  [/\bl?ch(?:own|grp)\b.*(?:Operation not permitted|Invalid argument)/u, 'owners'],
  [/has vanished: |^rsync: \[sender\].*No such file or directory/u, 'vanished'],
  [
    /\[(?:receiver|generator)\].*(?:Permission denied|Operation not permitted|Read-only file)/u,
    'denied-target',
  ],
  [/Permission denied|Operation not permitted/u, 'denied-source'],
];
/** What sums up or follows from what was said before. */
const SUMMARY = /^rsync (?:error|warning): |skipping file deletion$|^Deletions stopped/u;

/**
 * Makes the reader of one rsync.
 *
 * @param totalBytes of the source, to tell the percentage: rsync itself doesn't know it until it has seen everything
 */
export function rsyncReader(
  totalBytes: number,
  onProgress: (progress: BackuperProgress['progress']) => void,
): RsyncReader {
  const statistics = { fileCount: 0, sizeBytes: 0, deletedCount: 0 };
  const complaints: Partial<Record<ComplaintKind, number>> = {};
  const errors: string[] = [];
  const onLine = (line: string): void => {
    const progress = progressOf(line, totalBytes);
    if (progress) onProgress(progress);
    else for (const name of STATISTIC_NAMES) statistics[name] += countIn(line, STATISTICS[name]);
  };
  const onErrorLine = (line: string): void => {
    if (SUMMARY.test(line)) return;
    const kind = complaintOf(line);
    complaints[kind] = (complaints[kind] ?? 0) + 1;
    if (errors.length < ERRORS_SHOWN) errors.push(cut(safeText(line), ERROR_LENGTH_MAX));
  };
  const [onStdout, onStderr] = [lineSplitter(onLine), lineSplitter(onErrorLine)];
  return {
    onStdout,
    onStderr,
    finish: () => {
      for (const end of [onStdout, onStderr]) end(Buffer.of());
      return { ...statistics, complaints, errors };
    },
  };
}

/** What a line of rsync's standard error is about. */
export function complaintOf(line: string): ComplaintKind {
  return COMPLAINTS.find(([pattern]) => pattern.test(line))?.[1] ?? 'other';
}

const STATISTIC_NAMES = ['fileCount', 'sizeBytes', 'deletedCount'] as const;

function countIn(line: string, pattern: RegExp): number {
  return Number(pattern.exec(line)?.groups?.['count'] ?? 0);
}

function progressOf(line: string, totalBytes: number): BackuperProgress['progress'] | undefined {
  const found = PROGRESS.exec(line)?.groups;
  if (!found) return undefined;
  const sizeBytes = Number(found['bytes']);
  const percent = totalBytes === 0 ? 100 : Math.min(100, Math.floor((sizeBytes / totalBytes) * 100));
  const bytesPerSecond = Math.round(Number(found['rate']) * (UNITS[found['unit'] ?? ''] ?? 1));
  return { sizeBytes, percent, bytesPerSecond };
}

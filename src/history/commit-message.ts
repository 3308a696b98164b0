import { counted, safeText } from '../model/text.ts';
import type { Drift, ObjectChange } from '../drift/drift.ts';
import { changedCount, summaryLine } from '../drift/summary.ts';
import type { FileCounts } from '../model/manifest.ts';

/** So many changed objects are named in one message. */
const NAMED_MAX = 1000;
/** The trailers by which an archive is recognised. */
const NAME = 'Archive';
const SHA256 = 'Archive-SHA256';
const CLUSTER = 'Cluster';

/** For `git log`: of each commit a line with its time, in seconds, and its trailers. */
export const LOG_FORMAT = `%ct%x09${[NAME, SHA256, CLUSTER].map((key) => `%(trailers:key=${key},valueonly,separator=%x2C)`).join('%x09')}`;

/** What a commit says of the archive that it was made of. */
export interface Committed {
  readonly seconds: number;
  readonly archive: string;
  readonly sha256: string;
  /** Empty where it is not known. */
  readonly clusterId: string;
}

/** Reads what `git log` prints in this format; undefined if one of the commits was not made of an archive. */
export function parseLog(log: string): Committed[] | undefined {
  const lines = log.split('\n').filter((line) => line !== '');
  const commits = lines.map((line): Committed => {
    const [seconds = '', archive = '', sha256 = '', clusterId = ''] = line.split('\t');
    return { seconds: Number(seconds), archive, sha256, clusterId };
  });
  return commits.every(({ archive, sha256 }) => archive.endsWith('.zip') && /^[0-9a-f]{64}$/u.test(sha256))
    ? commits
    : undefined;
}

/** The first line of a message: what has changed, or how much there is. */
export function subjectOf(drift: Drift | undefined, counts: FileCounts): string {
  return drift
    ? summaryLine(drift)
    : `${counted(counts.objectCount, 'object')} in ${counted(counts.projectCount, 'project')}`;
}

/** The message of a commit: the subject, each changed object on a line, and what names the archive. */
export function messageOf(
  subject: string,
  drift: Drift | undefined,
  archive: { readonly file: string; readonly sha256: string; readonly clusterId: string | null },
): string {
  const named = drift?.changes.slice(0, NAMED_MAX) ?? [];
  const more = drift ? changedCount(drift) - named.length : 0;
  const lines = [...named.map(changeLine), ...(more > 0 ? [`and ${counted(more, 'other object')}`] : [])];
  const trailers = [
    `${NAME}: ${archive.file}`,
    `${SHA256}: ${archive.sha256}`,
    ...(archive.clusterId === null ? [] : [`${CLUSTER}: ${safeText(archive.clusterId)}`]),
  ];
  return [subject, ...(lines.length === 0 ? [] : [lines.join('\n')]), `${trailers.join('\n')}\n`].join(
    '\n\n',
  );
}

function changeLine({ change, type, project, name, previousName }: ObjectChange): string {
  const before = previousName === undefined ? '' : ` (was ${previousName})`;
  return safeText(
    `${change.padEnd(7)} ${type} ${project === undefined ? '' : `${project}/`}${name}${before}`,
  );
}

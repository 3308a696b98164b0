import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { volumeError } from '../archive/volume.ts';
import { KnownError, systemErrorCode } from '../model/known-error.ts';
import { GitError, type GitPlace, runGit } from './git.ts';
import { type HistoryLock, lockHistory } from './history-lock.ts';
import { type Committed, LOG_FORMAT, parseLog } from './commit-message.ts';

/** What there is of a repository when it has been made. */
const PARTS = ['HEAD', 'config', 'objects', 'refs'];
/** Locks of git itself, while it makes a repository. */
const OLD_LOCK = /^(?:HEAD|config)\.lock$/u;

/** A git repository that holds the history and nothing else. */
export interface Repository {
  readonly place: GitPlace;
  /** Such as `refs/heads/main`. */
  readonly branch: string;
  /** Oldest first. */
  readonly committed: readonly Committed[];
}

/**
 * Opens the repository for as long as the work takes, and makes it if there is none: one with a work tree, which
 * is brought up to date in the end. A bare one stays bare.
 *
 * @throws KnownError `refused` for a folder or repository with other content, or while another run writes to it
 */
export async function withRepository<T>(
  dir: string,
  host: Pick<GitPlace, 'programs' | 'signal'>,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const { place, lock } = await lockedPlace(resolve(dir), host);
  let isRight = !lock.isTakenOver;
  try {
    await initialize(place);
    if (lock.isTakenOver) await recover(place);
    isRight = true;
    const repository = await checked(place, dir);
    isRight = false;
    const result = await finished(work(repository));
    // Also after a failure: the commits that are there stay, and the files must be theirs.
    await checkOut({ ...place, signal: new AbortController().signal });
    isRight = true;
    if ('error' in result) throw result.error;
    return result.value;
  } catch (error) {
    throw error instanceof GitError ? new KnownError('failed', error.message, { cause: error }) : error;
  } finally {
    // A lock that stays tells the next run to set the work tree right.
    if (isRight) await lock.release();
  }
}

async function finished<T>(work: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await work };
  } catch (error) {
    return { error };
  }
}

async function lockedPlace(
  dir: string,
  host: Pick<GitPlace, 'programs' | 'signal'>,
): Promise<{ readonly place: GitPlace; readonly lock: HistoryLock }> {
  try {
    const place = await placeOf(dir, host);
    return { place, lock: await lockHistory(place.gitDir) };
  } catch (error) {
    throw volumeError(error, dir, 'usage');
  }
}

async function placeOf(dir: string, host: Pick<GitPlace, 'programs' | 'signal'>): Promise<GitPlace> {
  const names = new Set(await namesIn(dir));
  if (names.has('HEAD') && names.has('objects') && names.has('refs')) return { ...host, gitDir: dir };
  const gitDir = join(dir, '.git');
  if (names.size > 0 && !names.has('.git'))
    throw new KnownError(
      'refused',
      `${dir} holds other files and is no git repository: name a new folder with --git`,
    );
  if (names.has('.git') && !(await stat(gitDir)).isDirectory())
    throw new KnownError('refused', `${gitDir} is not a folder: name a new folder with --git`);
  // Its lock lies in there, so that no two make it at once.
  await mkdir(gitDir, { recursive: true });
  return { ...host, gitDir, workTree: dir };
}

/** Makes what is missing of the repository, also what a run has begun to make that was killed. */
async function initialize(place: GitPlace): Promise<void> {
  const { gitDir, workTree } = place;
  const names = await readdir(gitDir);
  if (workTree === undefined || PARTS.every((part) => names.includes(part))) return;
  for (const name of names) if (OLD_LOCK.test(name)) await rm(join(gitDir, name), { force: true });
  // No template: it may hold hooks.
  await runGit({ ...place, gitDir: '' }, ['init', '--quiet', '--template=', '--', workTree]);
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') {
      await makeFolder(dir);
      return [];
    }
    throw code === 'ENOTDIR'
      ? new KnownError('refused', `${dir} is not a folder: name another with --git`, { cause: error })
      : error;
  }
}

async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir);
  } catch (error) {
    throw new KnownError('usage', `Cannot make the folder ${dir} (${systemErrorCode(error) ?? ''})`, {
      cause: error,
    });
  }
}

/** Sets right what a killed run has left: its commits are whole, and the files may be those of an earlier one. */
async function recover(place: GitPlace): Promise<void> {
  await rm(join(place.gitDir, 'index.lock'), { force: true });
  await checkOut(place);
}

async function checkOut(place: GitPlace): Promise<void> {
  if (place.workTree === undefined || (await headOf(place)) === undefined) return;
  await runGit(place, ['reset', '--hard', '--quiet']);
}

async function headOf(place: GitPlace): Promise<string | undefined> {
  try {
    return (await runGit(place, ['rev-parse', '--quiet', '--verify', 'HEAD^{commit}'])).trim();
  } catch (error) {
    if (error instanceof GitError) return undefined;
    throw error;
  }
}

async function checked(place: GitPlace, dir: string): Promise<Repository> {
  const branch = await branchOf(place, dir);
  const hasHead = (await headOf(place)) !== undefined;
  const log = hasHead ? await runGit(place, ['log', '--reverse', `--format=${LOG_FORMAT}`]) : '';
  const committed = parseLog(log);
  const isEmpty = hasHead || (await runGit(place, ['for-each-ref', '--count=1'])) === '';
  if (!committed || !isEmpty)
    throw new KnownError(
      'refused',
      `The repository ${dir} holds commits that are no archives: name a new folder with --git`,
    );
  const changes =
    place.workTree === undefined
      ? ''
      : await runGit(place, ['status', '--porcelain', '--untracked-files=all']);
  if (changes !== '')
    throw new KnownError(
      'refused',
      `Somebody has changed files in ${dir}: undo that (git status shows it), or name a new folder with --git`,
    );
  return { place, branch, committed };
}

async function branchOf(place: GitPlace, dir: string): Promise<string> {
  try {
    return (await runGit(place, ['symbolic-ref', '--quiet', 'HEAD'])).trim();
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    throw new KnownError(
      'refused',
      `The repository ${dir} is on no branch: "git checkout main" there first`,
      {
        cause: error,
      },
    );
  }
}

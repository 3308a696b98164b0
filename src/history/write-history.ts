import { type CatalogEntry, readCatalog } from '../archive/catalog.ts';
import { openArchive, readWholeManifest } from '../archive/read-archive.ts';
import { loadRedaction } from '../archive/redaction-key.ts';
import { verifyArchive } from '../archive/verify-archive.ts';
import { compareArchives } from '../drift/compare-archives.ts';
import { DEFAULT_IGNORES } from '../drift/default-ignores.ts';
import type { Drift } from '../drift/drift.ts';
import { countsOf } from '../model/file-counter.ts';
import { KnownError } from '../model/known-error.ts';
import { type FileRecord, type Manifest, objectFiles, type SecretsMode } from '../model/manifest.ts';
import type { Fingerprint } from '../prune/redact-object.ts';
import { messageOf, subjectOf } from './commit-message.ts';
import { entryCommands } from './entry-text.ts';
import { runGit } from './git.ts';
import { planHistory } from './plan-history.ts';
import { type Repository, withRepository } from './repository.ts';

/** Which archives become the history, and where. */
export interface HistoryRequest {
  /** The folder of archives. */
  readonly dir: string;
  /** The first part of the archives' names. */
  readonly backup: string;
  /** The folder of the git repository. */
  readonly repository: string;
  /** Who made the commits, as in `name <mail>`. */
  readonly author: string;
  /** Path of the key with which secret values are redacted; empty for the one on the volume. */
  readonly redactionKey: string;
  /** Where programs are found. */
  readonly programs: string;
  readonly signal: AbortSignal;
  /** Told of each commit when it is there. */
  readonly onCommit: (commit: NewCommit) => void;
}

/** An archive that has become a commit. */
export interface NewCommit {
  readonly archive: string;
  /** The first line of its message. */
  readonly subject: string;
}

/** What has become of the archives. */
export interface HistoryResult {
  readonly commits: readonly NewCommit[];
  /** Archives that are damaged, each with what is wrong. */
  readonly damaged: readonly { readonly archive: string; readonly problem: string }[];
  /** Archives that are older than the newest in the history and not in it. */
  readonly late: readonly string[];
}

/**
 * Makes a commit of each complete archive that is not in the history yet, the oldest first. Of the same archives
 * and the same key, the same commits come, wherever and whenever that is done. No secret value gets into it.
 *
 * @throws KnownError `usage` where there is no git, `refused` for a repository with other content, `failed`
 */
export async function writeHistory(request: HistoryRequest): Promise<HistoryResult> {
  const { programs, signal } = request;
  // Before anything is made.
  await runGit({ gitDir: '', programs, signal }, ['--version']);
  const catalog = await readCatalog(request.dir);
  return await withRepository(request.repository, { programs, signal }, async (repository) => {
    const plan = planHistory(catalog, request.backup, repository.committed);
    const writing = new HistoryStream(request, repository);
    if (plan.pending.length > 0) {
      const importing = ['fast-import', '--quiet', '--done', '--date-format=raw'];
      await runGit(repository.place, importing, writing.commands(plan.pending, plan.previous));
      await runGit(repository.place, ['gc', '--auto', '--quiet']);
    }
    return {
      commits: writing.commits,
      damaged: [...plan.damaged, ...writing.damaged],
      late: plan.late,
    };
  });
}

/** What git has of the last archive, to send only what differs. */
interface Base {
  readonly files: ReadonlyMap<string, string>;
  readonly secrets: SecretsMode;
}

interface Next {
  readonly entry: CatalogEntry;
  readonly manifest: Manifest;
  readonly sha256: string;
}

/** Writes what `git fast-import` reads: https://git-scm.com/docs/git-fast-import/2.39.5 */
class HistoryStream {
  readonly commits: NewCommit[] = [];
  readonly damaged: { archive: string; problem: string }[] = [];
  readonly #request: HistoryRequest;
  readonly #repository: Repository;
  #fingerprint: Fingerprint | undefined;
  #base: Base | undefined;

  constructor(request: HistoryRequest, repository: Repository) {
    this.#request = request;
    this.#repository = repository;
  }

  /** @param previous the archive of the newest commit, if it is still there */
  async *commands(
    pending: readonly CatalogEntry[],
    previous: CatalogEntry | undefined,
  ): AsyncGenerator<Uint8Array | string, void, undefined> {
    let before = previous;
    let isFirst = this.#repository.committed.length === 0;
    for (const entry of pending) {
      this.#request.signal.throwIfAborted();
      const sha256 = await this.#verified(entry);
      if (sha256 === undefined) continue;
      const manifest = await readWholeManifest(entry.path);
      yield* this.#commit({ entry, manifest, sha256 }, before, isFirst);
      before = entry;
      isFirst = false;
    }
    yield 'done\n';
  }

  async #verified({ path, name }: CatalogEntry): Promise<string | undefined> {
    const { result, sha256, problems } = await verifyArchive(path);
    if (result === 'sound') return sha256;
    this.damaged.push({ archive: name.file, problem: problems[0] ?? '' });
    return undefined;
  }

  async *#commit(
    { entry, manifest, sha256 }: Next,
    before: CatalogEntry | undefined,
    isFirst: boolean,
  ): AsyncGenerator<Uint8Array | string, void, undefined> {
    const { branch } = this.#repository;
    const { author } = this.#request;
    const { file, startedAt } = entry.name;
    const drift = before && (await driftOf(before.path, entry.path));
    const subject = subjectOf(drift, countsOf(manifest));
    const message = messageOf(subject, drift, { file, sha256, clusterId: manifest.cluster.id });
    const seconds = Math.floor(startedAt.getTime() / 1000);
    yield `commit ${branch}\nauthor ${author} ${seconds} +0000\ncommitter ${author} ${seconds} +0000\n`;
    yield `data ${Buffer.byteLength(message)}\n${message}\n`;
    if (!isFirst && this.#base === undefined) yield `from ${branch}^0\n`;
    yield* this.#tree(entry, manifest);
    // From here on the commit stays, whatever becomes of this process.
    yield '\ncheckpoint\n\n';
    const commit = { archive: file, subject };
    this.commits.push(commit);
    this.#request.onCommit(commit);
  }

  async *#tree(
    { path }: CatalogEntry,
    { files, options }: Manifest,
  ): AsyncGenerator<Uint8Array | string, void, undefined> {
    const secrets = options.secrets ?? 'include';
    const objects = objectFiles(files);
    const own = new Map(objects.map((one) => [one.path, one.sha256]));
    const base = this.#base?.secrets === secrets ? this.#base.files : undefined;
    if (base === undefined) yield 'deleteall\n';
    for (const gone of base?.keys() ?? []) if (!own.has(gone)) yield `D ${gone}\n`;
    const changed = objects.filter((one) => base?.get(one.path) !== one.sha256);
    yield* await this.#entries(path, changed, secrets);
    this.#base = { files: own, secrets };
  }

  async #entries(
    path: string,
    files: readonly FileRecord[],
    secrets: SecretsMode,
  ): Promise<AsyncGenerator<Uint8Array | string, void, undefined>> {
    const fingerprint = secrets === 'include' ? await this.#redaction() : undefined;
    return entriesOf(path, files, fingerprint);
  }

  async #redaction(): Promise<Fingerprint> {
    const { dir, redactionKey } = this.#request;
    this.#fingerprint ??= (await loadRedaction(dir, redactionKey)).fingerprint;
    return this.#fingerprint;
  }
}

async function* entriesOf(
  path: string,
  files: readonly FileRecord[],
  fingerprint: Fingerprint | undefined,
): AsyncGenerator<Uint8Array | string, void, undefined> {
  if (files.length === 0) return;
  const archive = await openArchive(path);
  try {
    yield* entryCommands(archive, files, fingerprint);
  } finally {
    await archive.close();
  }
}

/** The changes that the message names; undefined when the two can't be compared. */
async function driftOf(before: string, after: string): Promise<Drift | undefined> {
  try {
    return await compareArchives({
      before,
      after,
      projects: [],
      types: [],
      rules: DEFAULT_IGNORES,
      findsRenames: true,
      isForced: false,
    });
  } catch (error) {
    // The archive before is damaged, and only its commit is whole.
    if (error instanceof KnownError && error.kind === 'failed') return undefined;
    throw error;
  }
}

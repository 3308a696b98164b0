import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { checkEntries, type Checking, type Reasons } from './check-entries.ts';
import { named } from './damaged.ts';
import type { Level } from './entry-check.ts';
import { EntryFacts, newFacts, UNCHECKED } from './entry-facts.ts';
import type { OpenFile } from './entry-pieces.ts';
import type { EntryTable } from './entry-table.ts';

/** The bundle has the thread beside it, the work tree its source. */
const THREAD_FILE = import.meta.url.endsWith('.ts') ? './verify-thread.ts' : './verify-thread.js';
/**
 * Where a second thread begins to be worth it. It costs about a tenth of a second of processor time, for it
 * starts up and compiles everything again; so much content takes four times as long to check.
 */
const MIN_THREAD_CONTENT_BYTES = 128 * 1024 * 1024;
/** An entry costs as much as so much content, whatever it holds. */
const ENTRY_COST_BYTES = 4096;

/** What the second thread is told. */
export interface ThreadTask {
  /** Of the file that the first thread keeps open. */
  readonly fd: number;
  readonly sizeBytes: number;
  readonly checking: Checking;
}

/** What was found of the entries, by their places. */
export interface Checked {
  readonly facts: EntryFacts;
  readonly reasons: Reasons;
}

/**
 * Checks all entries of an archive but the manifest, which is the last one. Those of a large archive are
 * shared with a second thread, which begins at once. Close it before the file.
 */
export class EntryChecks {
  readonly #path: string;
  readonly #file: OpenFile;
  readonly #checking: Checking;
  readonly #facts: EntryFacts;
  readonly #thread: CheckThread | undefined;

  constructor(path: string, file: OpenFile, { entries, level }: { entries: EntryTable; level: Level }) {
    const facts = newFacts(Math.max(0, entries.length - 1));
    this.#path = path;
    this.#file = file;
    this.#facts = new EntryFacts(facts);
    this.#checking = { entries: entries.columns, facts, level };
    if (isWorthThread(entries)) {
      this.#thread = startThread({ fd: file.handle.fd, sizeBytes: file.sizeBytes, checking: this.#checking });
    }
  }

  /**
   * Checks what nobody has claimed, and waits for the rest. When the thread has died, everything is checked
   * here: what it found is not to be trusted.
   *
   * @throws KnownError `failed` when the file cannot be read on
   */
  async finish(): Promise<Checked> {
    const own = await this.#check();
    const others = this.#thread ? await this.#thread.reasons : NONE;
    if (others) return this.#checked(new Map([...own, ...others]));
    // Dead, and not just about to be.
    await this.close();
    this.#facts.clear();
    return this.#checked(await this.#check());
  }

  /** Ends the thread, after which it doesn't read the file any more. */
  async close(): Promise<void> {
    await this.#thread?.close();
  }

  async #check(): Promise<Reasons> {
    try {
      return await checkEntries(this.#file, this.#checking);
    } catch (error) {
      throw named(this.#path, error);
    }
  }

  #checked(reasons: Reasons): Checked {
    if (this.#facts.columns.states.includes(UNCHECKED)) throw new Error('An entry has not been checked');
    return { facts: this.#facts, reasons };
  }
}

const NONE: Reasons = new Map();

interface CheckThread {
  /** What it has found; undefined when it died. */
  readonly reasons: Promise<Reasons | undefined>;
  close(): Promise<void>;
}

/** Undefined when the system has no room for another thread. */
function startThread(workerData: ThreadTask): CheckThread | undefined {
  try {
    const thread = new Worker(new URL(THREAD_FILE, import.meta.url), { workerData });
    const reasons = new Promise<Reasons | undefined>((resolve) => {
      thread.on('message', (found: Reasons) => resolve(found));
      // Whatever went wrong there goes wrong here too, if it has to do with the archive.
      thread.on('error', () => resolve(undefined));
      thread.on('exit', () => resolve(undefined));
    });
    return {
      reasons,
      close: async () => {
        await thread.terminate();
      },
    };
  } catch {
    return undefined;
  }
}

function isWorthThread(entries: EntryTable): boolean {
  if (availableParallelism() < 2) return false;
  let cost = entries.length * ENTRY_COST_BYTES;
  for (let index = 0; index < entries.length && cost < MIN_THREAD_CONTENT_BYTES; index++) {
    cost += entries.sizeBytes(index);
  }
  return cost >= MIN_THREAD_CONTENT_BYTES;
}

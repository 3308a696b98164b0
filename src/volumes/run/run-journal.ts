import type { CopyContext } from './copy-context.ts';
import type { RecordStore, StoredRecord } from './record-store.ts';
import type { RunRecord } from '../run-record.ts';

/** The record of one run while it runs: every change is saved before anything is done that rests on it. */
export class RunJournal {
  readonly #context: Pick<CopyContext, 'now' | 'onChange'>;
  readonly #store: RecordStore;
  #stored: StoredRecord;
  /** Changes are saved one after the other: each names the one before. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: Pick<CopyContext, 'now' | 'onChange'>, store: RecordStore, stored: StoredRecord) {
    this.#context = context;
    this.#store = store;
    this.#stored = stored;
    context.onChange(stored.record);
  }

  get record(): RunRecord {
    return this.#stored.record;
  }

  /** Of the ConfigMap, which owns the run's pods. */
  get uid(): string {
    return this.#stored.uid;
  }

  /** @throws KnownError `refused` when another process has the run; ApiError, TransportError */
  async change(changes: Partial<RunRecord>): Promise<void> {
    const saved = this.#saved(changes, this.#last);
    this.#last = saved.catch(() => undefined);
    await saved;
  }

  async #saved(changes: Partial<RunRecord>, before: Promise<unknown>): Promise<void> {
    await before;
    const record = { ...this.record, ...changes, updatedAt: this.#context.now().toISOString() };
    this.#stored = await this.#store.save(record, this.#stored);
    this.#context.onChange(record);
  }
}

import { type CatalogEntry, type PassOver, resolveArchive } from '../archive/catalog.ts';
import { safeText } from '../model/text.ts';
import type { CommandInput } from './process-context.ts';

/** Finds the archives that somebody has asked for. */
export class ArchiveFinder {
  readonly #input: Pick<CommandInput, 'process' | 'settings'>;
  readonly #told = new Set<string>();

  constructor(input: Pick<CommandInput, 'process' | 'settings'>) {
    this.#input = input;
  }

  /** See `resolveArchive`. An archive that can't be read and would have been the answer is told of in a line, once. */
  async find(reference: string): Promise<CatalogEntry> {
    return await resolveArchive(this.#input.settings.dir, reference, this.passOver);
  }

  /** Tells of archives that can't be read, and are not taken for that. */
  readonly passOver: PassOver = ([{ file, reason }, ...others]) => {
    if (this.#told.has(file)) return;
    this.#told.add(file);
    const [who, advice] =
      others.length === 0
        ? [`${file} was`, `"openshift-backup verify ${file}" looks at all of it`]
        : [`${file} and ${others.length} more were`, '"openshift-backup list" says why of each'];
    this.#input.process.stderr.write(`warning: ${who} passed over: ${safeText(reason)} (${advice})\n`);
  };
}

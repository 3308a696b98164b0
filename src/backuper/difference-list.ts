import { FIELD_NAMES, fieldsOf } from './entry-fields.ts';
import type { TreeEntry } from './find-output.ts';
import { printablePath } from './printable.ts';

const SHOWN = 10;
/** Entries of the target that are remembered until those of the source are read again. */
const REMEMBERED = 64;

/** The first few differences, for people: a path and what is the matter with it. */
export class DifferenceList {
  readonly texts: string[] = [];
  readonly #ofTarget = new Map<string, TreeEntry>();

  extra(entry: TreeEntry): void {
    this.#add(entry, 'only in the target');
  }

  missing(entry: TreeEntry): void {
    this.#add(entry, 'missing in the target');
  }

  /** One of a group of hard links that only one side has. */
  linked(entry: TreeEntry, side: 'source' | 'target'): void {
    this.#add(entry, `hard links only in the ${side}`);
  }

  /** Keeps what the target has, until `different` is called with the same key. */
  rememberTarget(key: string, entry: TreeEntry): void {
    if (this.#ofTarget.size >= REMEMBERED) return;
    this.#ofTarget.set(key, { ...entry, link: Buffer.from(entry.link) });
  }

  different(key: string, source: TreeEntry, timeDigits: number): void {
    if (this.texts.length >= SHOWN) return;
    const target = this.#ofTarget.get(key);
    this.#add(source, target ? whatDiffers(source, target, timeDigits) : 'differs');
  }

  #add(entry: TreeEntry, what: string): void {
    if (this.texts.length < SHOWN) this.texts.push(`${printablePath(entry.path)}: ${what}`);
  }
}

function whatDiffers(source: TreeEntry, target: TreeEntry, timeDigits: number): string {
  const [ours, theirs] = [fieldsOf(source, timeDigits), fieldsOf(target, timeDigits)];
  const texts = FIELD_NAMES.flatMap((name, index) => {
    const [one = '', other = ''] = [ours[index], theirs[index]];
    return one === other ? [] : [`${name} ${one || 'none'}, in the target ${other || 'none'}`];
  });
  if (!source.link.equals(target.link)) {
    texts.push(`leads to ${printablePath(source.link)}, in the target to ${printablePath(target.link)}`);
  }
  // It may have changed since it was compared.
  return texts.join('; ') || 'differed for a moment';
}

/** One entry of a tree, as find has printed it. Its bytes are only valid until the next one comes. */
export interface TreeEntry {
  /** Relative to the folder that is walked, whatever bytes it has; empty for that folder itself. */
  readonly path: Buffer;
  /** `f`, `d`, `l`, `p` (fifo), `s` (socket), `b`, `c` (devices). */
  readonly type: string;
  /** Octal, with set-id bits. */
  readonly mode: string;
  readonly uid: string;
  readonly gid: string;
  /** Seconds since 1970 with nine decimals. */
  readonly modified: string;
  readonly sizeBytes: number;
  readonly linkCount: number;
  /** Decimal; unique within the file system. */
  readonly inode: string;
  readonly allocatedBytes: number;
  /** Seconds since 1970: when anything of it, its name too, has changed. */
  readonly changedSeconds: number;
  /** Whether whoever walks may read it; links and special files always count as readable. */
  readonly isReadable: boolean;
  /** Where a link leads. */
  readonly link: Buffer;
}

const FIELDS = '%y %m %U %G %T@ %s %n %i %b %C@';
/** Real user and capabilities decide, as they would on opening; a folder must also be open to search. */
const IS_READABLE = [
  ['(', '!', '(', '-type', 'f', '-o', '-type', 'd', ')'],
  ['-o', '(', '-readable', '(', '!', '-type', 'd', '-o', '-executable', ')', ')', ')'],
].flat();
/** Of find's unit for `%b`. */
const BLOCK_BYTES = 512;

/**
 * Expressions of find that print an entry: three fields, each with a NUL at its end, so that names of any bytes are
 * kept. They are not escaped, because the output is no terminal.
 *
 * @param asksReadable costs a call of the kernel for each entry; without it everything counts as readable
 */
export function printExpression(asksReadable: boolean): string[] {
  return asksReadable ? [...IS_READABLE, ...printed(true), '-o', ...printed(false)] : printed(true);
}

function printed(isReadable: boolean): string[] {
  return ['-printf', `%P\\0${FIELDS} ${isReadable ? '+' : '-'}\\0%l\\0`];
}

/** Makes what takes find's output as it comes and gives entries. */
export function entryParser(onEntry: (entry: TreeEntry) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.of();
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (;;) {
      const pathEnd = bytes.indexOf(0, start);
      const fieldsEnd = pathEnd < 0 ? -1 : bytes.indexOf(0, pathEnd + 1);
      const linkEnd = fieldsEnd < 0 ? -1 : bytes.indexOf(0, fieldsEnd + 1);
      if (linkEnd < 0) break;
      const fields = bytes.toString('latin1', pathEnd + 1, fieldsEnd);
      onEntry(entryOf(bytes.subarray(start, pathEnd), fields, bytes.subarray(fieldsEnd + 1, linkEnd)));
      start = linkEnd + 1;
    }
    rest = bytes.subarray(start);
  };
}

function entryOf(path: Buffer, fields: string, link: Buffer): TreeEntry {
  const values = fields.split(' ');
  const [type = '', mode = '', uid = '', gid = '', modified = '', size, links, inode = '', blocks, changed] =
    values;
  return {
    path,
    type,
    mode,
    uid,
    gid,
    // find prints ten decimals, and the last one is always 0.
    modified: modified.slice(0, -1),
    sizeBytes: Number(size),
    linkCount: Number(links),
    inode,
    allocatedBytes: Number(blocks) * BLOCK_BYTES,
    changedSeconds: Number(changed),
    isReadable: values[10] === '+',
    link,
  };
}

import type { ZipArchive } from 'archiver';
import type { Packed } from './entry-packer.ts';

/** What is used of an entry of compress-commons, archiver's zip engine. */
interface EngineEntry {
  setSize(bytes: number): void;
  setCompressedSize(bytes: number): void;
  setCrc(crc: number): void;
  setVersionNeededToExtract(version: number): void;
  getGeneralPurposeBit(): { useDataDescriptor(isUsed: boolean): void };
}

type Appended = (error: Error | null, entry: EngineEntry) => void;

/**
 * What is used of the engine itself:
 * https://github.com/archiverjs/node-compress-commons/blob/7.0.1/lib/archivers/zip/zip-archive-output-stream.js
 */
interface Engine {
  /** How many bytes have been written. */
  offset: number;
  _appendBuffer(entry: EngineEntry, source: Buffer, callback: Appended): void;
  _writeLocalFileHeader(entry: EngineEntry): void;
  _afterAppend(entry: EngineEntry): void;
  _writeCentralFileHeader(entry: EngineEntry): void;
  _entries: unknown[];
  write: (chunk: Buffer | string) => boolean;
  end(): void;
}

/** "Version needed to extract" of a deflated file (APPNOTE 4.4.3.2). */
const VERSION_DEFLATED = 20;
const GATHERED_BYTES = 64 * 1024;
const LINES_AT_ONCE = 500;

/** The entries that come deflated already, by the Buffer that stands for them. */
const PACKED = new WeakMap<Buffer, Packed<unknown>>();

/** What to hand to `append` of a tuned archiver for an entry that has been deflated elsewhere. */
export function asPacked(entry: Packed<unknown>): Buffer {
  PACKED.set(entry.deflated, entry);
  return entry.deflated;
}

/**
 * Makes archiver fit for tens of thousands of small entries. By itself it makes a stream for each entry,
 * which for one of 10 KiB costs five times the deflating, and it writes a zip's directory field by field
 * into a queue without end, 4 KiB of memory for each entry. With this, it takes entries that have been
 * deflated elsewhere (`asPacked`), keeps of an entry only its line in the directory, and gathers small writes.
 *
 * This reaches into archiver, whose version is therefore pinned.
 *
 * @throws Error where archiver is built otherwise
 */
export function tuneArchiver(zip: ZipArchive): void {
  const engine = engineOf(zip);
  keepDirectory(engine);
  gatherWrites(engine);
  takePacked(engine);
}

/** Writes the directory's line of an entry when it has been appended, into memory, and lets go of the entry. */
function keepDirectory(engine: Engine): void {
  const afterAppend = engine._afterAppend.bind(engine);
  const writeHeader = engine._writeCentralFileHeader.bind(engine);
  let directory: Buffer[] = [];
  let lines: Buffer[] = [];
  engine._afterAppend = (entry) => {
    const parts: Buffer[] = [];
    const gathering = engine.write;
    engine.write = (chunk) => parts.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk) > 0;
    writeHeader(entry);
    engine.write = gathering;
    lines.push(Buffer.concat(parts));
    if (lines.length === LINES_AT_ONCE) directory = [...directory, Buffer.concat(lines.splice(0))];
    afterAppend(entry);
    engine._entries[engine._entries.length - 1] = undefined;
  };
  // Called for each entry when all are there: the first call writes all lines.
  engine._writeCentralFileHeader = () => {
    for (const bytes of [...directory, ...lines]) engine.write(bytes);
    directory = [];
    lines = [];
  };
}

function gatherWrites(engine: Engine): void {
  const [write, end] = [engine.write.bind(engine), engine.end.bind(engine)];
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;
  const flush = (): boolean => {
    const bytes = Buffer.concat(gathered, gatheredBytes);
    // The original counts what it writes, and these bytes have been counted.
    engine.offset -= gatheredBytes;
    gathered = [];
    gatheredBytes = 0;
    return bytes.length === 0 || write(bytes);
  };
  engine.write = (chunk) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    gathered.push(bytes);
    gatheredBytes += bytes.length;
    engine.offset += bytes.length;
    return gatheredBytes < GATHERED_BYTES || flush();
  };
  engine.end = () => {
    flush();
    end();
  };
}

function takePacked(engine: Engine): void {
  const original = engine._appendBuffer.bind(engine);
  engine._appendBuffer = (entry, source, callback) => {
    const packed = PACKED.get(source);
    if (!packed) return original(entry, source, callback);
    entry.getGeneralPurposeBit().useDataDescriptor(false);
    entry.setVersionNeededToExtract(VERSION_DEFLATED);
    entry.setSize(packed.sizeBytes);
    entry.setCompressedSize(source.length);
    entry.setCrc(packed.crc32);
    engine._writeLocalFileHeader(entry);
    engine.write(source);
    engine._afterAppend(entry);
    callback(null, entry);
  };
}

function engineOf(zip: ZipArchive): Engine {
  const { _module: module } = zip as unknown as { readonly _module?: { readonly engine?: Partial<Engine> } };
  const engine = module?.engine;
  const methods = [
    engine?._appendBuffer,
    engine?._writeLocalFileHeader,
    engine?._afterAppend,
    engine?._writeCentralFileHeader,
    engine?.write,
    engine?.end,
  ];
  const isKnown =
    methods.every((method) => typeof method === 'function') &&
    typeof engine?.offset === 'number' &&
    Array.isArray(engine._entries);
  if (!isKnown) throw new Error('archiver is built otherwise than the version that this was written for');
  return engine as Engine;
}

import { ZipArchive } from 'archiver';
import { once } from 'node:events';
import { releaseMemory } from './release-memory.ts';
import { centralHeader, type DeflatedEntry, localHeader, type SampleHeaders } from './zip-headers.ts';

/** What is used of an entry of compress-commons, archiver's zip engine. */
interface EngineEntry {
  setVersionNeededToExtract(version: number): void;
  getGeneralPurposeBit(): { useDataDescriptor(isUsed: boolean): void };
}

/**
 * What is used of the engine itself:
 * https://github.com/archiverjs/node-compress-commons/blob/7.0.1/lib/archivers/zip/zip-archive-output-stream.js
 */
interface Engine extends NodeJS.EventEmitter {
  /** How many bytes have been written. */
  offset: number;
  readonly writableNeedDrain: boolean;
  readonly _archive: { readonly processing: boolean };
  entry(source: Buffer, attributes: EntryAttributes & { readonly name: string }): void;
  _appendBuffer: (entry: EngineEntry) => void;
  _writeLocalFileHeader(entry: EngineEntry): void;
  _afterAppend(entry: EngineEntry): void;
  _writeCentralFileHeader(entry: EngineEntry): void;
  _smartStream: (entry: EngineEntry, callback: unknown) => DeflatingStream;
  readonly _entries: unknown[];
  write: (chunk: Buffer | string) => boolean;
  end(): void;
}

/** What deflates an entry that comes as a stream. `done` is called when a chunk has been taken in. */
interface DeflatingStream {
  _transform: (chunk: Uint8Array, encoding: string, done: (...result: unknown[]) => void) => void;
}

/** What all entries have in common. */
export interface EntryAttributes {
  readonly date: Date;
  readonly mode: number;
}

/** What a tuned archiver can do beside what archiver can. */
export interface TunedArchiver {
  /** Appends an entry while archiver has none under way. Its bytes have been copied when this returns. */
  appendDeflated(entry: DeflatedEntry): void;
  /** Says of bytes in a stream for archiver that their memory goes when they have been deflated. */
  lend(bytes: Buffer): Buffer;
  /** Resolves when archiver has passed on what it can't hold; never, if that fails. */
  drained(): Promise<void>;
}

/** "Version needed to extract" of a deflated file (APPNOTE 4.4.3.2). */
const VERSION_DEFLATED = 20;
/** Bytes are passed on in pieces of this size: an entry alone comes in a dozen of a few bytes. */
const GATHERED_BYTES = 512 * 1024;
const LINES_AT_ONCE = 500;

/**
 * Makes archiver fit for tens of thousands of small entries. By itself it makes a stream for each entry,
 * which for one of 10 KiB costs five times the deflating, it makes a Buffer for each field of a header, and
 * it writes a zip's directory into a queue without end, 4 KiB of memory for each entry. With this, it takes
 * entries that have been deflated already, keeps of an entry only its line in the directory, and gathers
 * small writes.
 *
 * This reaches into archiver, whose version is therefore pinned.
 *
 * @throws Error where archiver is built otherwise
 */
export function tuneArchiver(zip: ZipArchive, { date, mode }: EntryAttributes): TunedArchiver {
  const engine = engineOf(zip);
  const sample = sampleHeaders({ date, mode });
  const addLine = keepDirectory(engine);
  gatherWrites(engine);
  const lent = releaseLent(engine);
  return {
    lend(bytes) {
      lent.add(bytes);
      return bytes;
    },
    appendDeflated(entry) {
      if (engine._archive.processing) throw new Error('archiver has another entry under way');
      addLine(centralHeader(sample, entry, engine.offset));
      engine._entries.push(undefined);
      engine.write(localHeader(sample, entry));
      engine.write(Buffer.from(entry.deflated.buffer, entry.deflated.byteOffset, entry.deflated.byteLength));
    },
    async drained() {
      while (engine.writableNeedDrain) await once(engine, 'drain');
    },
  };
}

/** Gives memory back when archiver has deflated what it was lent. Returns whose memory goes. */
function releaseLent(engine: Engine): WeakSet<Uint8Array> {
  const lent = new WeakSet<Uint8Array>();
  const streamFor = engine._smartStream.bind(engine);
  engine._smartStream = (entry, callback) => {
    const stream = streamFor(entry, callback);
    const transform = stream._transform.bind(stream);
    stream._transform = (chunk, encoding, done) =>
      transform(chunk, encoding, (...result) => {
        if (lent.has(chunk)) releaseMemory(chunk);
        done(...result);
      });
    return stream;
  };
  return lent;
}

/**
 * The headers of an entry with a name of one byte, as archiver itself writes them where the size is known.
 *
 * @throws Error where archiver is built otherwise
 */
export function sampleHeaders(attributes: EntryAttributes): SampleHeaders {
  const engine = engineOf(new ZipArchive());
  let sample: SampleHeaders | undefined;
  engine._appendBuffer = (entry) => {
    entry.getGeneralPurposeBit().useDataDescriptor(false);
    entry.setVersionNeededToExtract(VERSION_DEFLATED);
    const local = written(engine, () => engine._writeLocalFileHeader(entry));
    sample = { local, central: written(engine, () => engine._writeCentralFileHeader(entry)) };
  };
  engine.entry(Buffer.alloc(1), { ...attributes, name: '-' });
  if (sample?.local.length !== 31 || sample.central.length !== 47) throw builtOtherwise();
  return sample;
}

/**
 * Writes the directory's line of an entry when it has been appended, into memory, and lets go of the entry.
 *
 * @returns what adds the line of an entry that archiver does not know
 */
function keepDirectory(engine: Engine): (line: Buffer) => void {
  const afterAppend = engine._afterAppend.bind(engine);
  const writeHeader = engine._writeCentralFileHeader.bind(engine);
  let directory: Buffer[] = [];
  let lines: Buffer[] = [];
  const addLine = (line: Buffer): void => {
    lines.push(line);
    if (lines.length === LINES_AT_ONCE) directory = [...directory, Buffer.concat(lines.splice(0))];
  };
  engine._afterAppend = (entry) => {
    addLine(written(engine, () => writeHeader(entry)));
    afterAppend(entry);
    engine._entries[engine._entries.length - 1] = undefined;
  };
  // Called for each entry when all are there: the first call writes all lines.
  engine._writeCentralFileHeader = () => {
    for (const bytes of [...directory, ...lines]) engine.write(bytes);
    directory = [];
    lines = [];
  };
  return addLine;
}

function gatherWrites(engine: Engine): void {
  const [write, end] = [engine.write.bind(engine), engine.end.bind(engine)];
  let space = Buffer.allocUnsafeSlow(GATHERED_BYTES);
  let gatheredBytes = 0;
  const flush = (): boolean => {
    const bytes = space.subarray(0, gatheredBytes);
    // The original counts what it writes, and these bytes have been counted.
    engine.offset -= gatheredBytes;
    space = Buffer.allocUnsafeSlow(GATHERED_BYTES);
    gatheredBytes = 0;
    return bytes.length === 0 || write(bytes);
  };
  engine.write = (chunk) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    engine.offset += bytes.length;
    let mayGoOn = true;
    for (let at = 0; at < bytes.length;) {
      const copiedBytes = bytes.copy(space, gatheredBytes, at);
      at += copiedBytes;
      gatheredBytes += copiedBytes;
      if (gatheredBytes === GATHERED_BYTES) mayGoOn = flush();
    }
    return mayGoOn;
  };
  engine.end = () => {
    flush();
    end();
  };
}

/** What the engine writes meanwhile, which goes no further. */
function written(engine: Engine, act: () => void): Buffer {
  const parts: Buffer[] = [];
  const { write } = engine;
  engine.write = (chunk) => parts.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk) > 0;
  act();
  engine.write = write;
  return Buffer.concat(parts);
}

function engineOf(zip: ZipArchive): Engine {
  const { _module: module } = zip as unknown as { readonly _module?: { readonly engine?: Partial<Engine> } };
  const engine = module?.engine;
  if (!engine || !isKnown(engine)) throw builtOtherwise();
  return engine;
}

function isKnown(engine: Partial<Engine>): engine is Engine {
  const methods = [
    engine.entry,
    engine._appendBuffer,
    engine._writeLocalFileHeader,
    engine._afterAppend,
    engine._smartStream,
    engine._writeCentralFileHeader,
    engine.write,
    engine.end,
  ];
  return (
    methods.every((method) => typeof method === 'function') &&
    typeof engine.offset === 'number' &&
    typeof engine.writableNeedDrain === 'boolean' &&
    typeof engine._archive?.processing === 'boolean' &&
    Array.isArray(engine._entries)
  );
}

function builtOtherwise(): Error {
  return new Error('archiver is built otherwise than the version that this was written for');
}

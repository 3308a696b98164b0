import type { ZipArchive } from 'archiver';
import { crc32, deflateRawSync, type ZlibOptions } from 'node:zlib';

/** What is used of an entry of compress-commons, archiver's zip engine. */
interface EngineEntry {
  getMethod(): number;
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
  write(chunk: Buffer | string): boolean;
  end(): void;
}

const METHOD_DEFLATED = 8;
/** "Version needed to extract" of a deflated file (APPNOTE 4.4.3.2). */
const VERSION_DEFLATED = 20;
const GATHERED_BYTES = 64 * 1024;

/**
 * Makes archiver fit for tens of thousands of small entries. By itself it makes a stream for each entry,
 * which for one of 10 KiB costs five times the deflating, and it writes a zip's directory field by field
 * into a queue without end, 4 KiB of memory for each entry. With this, a Buffer is deflated in one call, and
 * small writes are gathered; what comes out is a zip of the same content.
 *
 * This reaches into archiver. Where another version is built differently nothing is changed, and archiver
 * does its work as it always does.
 */
export function tuneArchiver(zip: ZipArchive, options: ZlibOptions): void {
  const engine = engineOf(zip);
  if (!engine) return;
  gatherWrites(engine);
  deflateInOnePiece(engine, options);
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

function deflateInOnePiece(engine: Engine, options: ZlibOptions): void {
  const original = engine._appendBuffer.bind(engine);
  engine._appendBuffer = (entry, source, callback) => {
    if (entry.getMethod() !== METHOD_DEFLATED || source.length === 0)
      return original(entry, source, callback);
    // The buffer for the result: JSON shrinks to a tenth or less, and the default of 16 KiB is mostly waste.
    const chunkSize = Math.max(1024, Math.min(64 * 1024, Math.ceil(source.length / 8)));
    const deflated = deflateRawSync(source, { ...options, chunkSize });
    entry.getGeneralPurposeBit().useDataDescriptor(false);
    entry.setVersionNeededToExtract(VERSION_DEFLATED);
    entry.setSize(source.length);
    entry.setCompressedSize(deflated.length);
    entry.setCrc(crc32(source));
    engine._writeLocalFileHeader(entry);
    engine.write(deflated);
    engine._afterAppend(entry);
    callback(null, entry);
  };
}

function engineOf(zip: ZipArchive): Engine | undefined {
  const { _module: module } = zip as unknown as { readonly _module?: { readonly engine?: Partial<Engine> } };
  const engine = module?.engine;
  const methods = [
    engine?._appendBuffer,
    engine?._writeLocalFileHeader,
    engine?._afterAppend,
    engine?.write,
    engine?.end,
  ];
  const isKnown =
    methods.every((method) => typeof method === 'function') && typeof engine?.offset === 'number';
  return isKnown ? (engine as Engine) : undefined;
}

/** An entry that has been deflated. */
export interface DeflatedEntry {
  /** As it stands in the zip. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly crc32: number;
  readonly deflated: Uint8Array;
}

/** The headers of an entry with a name of one byte, whose size is known before its content. */
export interface SampleHeaders {
  readonly local: Buffer;
  readonly central: Buffer;
}

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
/** "This field is in the extra field" (APPNOTE 4.4.1.4). */
const IN_EXTRA_FIELD = 0xffff_ffff;
/** The id and the length of the extra field, sizes and offset (APPNOTE 4.5.3). */
const EXTRA_BYTES = 4 + 3 * 8;
const VERSION_ZIP64 = 45;
/** The name is UTF-8 (APPNOTE 4.4.4, bit 11); said only where it makes a difference. */
const UTF8_NAME = 1 << 11;

/** The local header of an entry (APPNOTE 4.3.7): the sample's, but for what is the entry's own. */
export function localHeader({ local }: SampleHeaders, entry: DeflatedEntry): Buffer {
  const nameBytes = Buffer.byteLength(entry.path);
  const header = Buffer.allocUnsafe(LOCAL_BYTES + nameBytes);
  local.copy(header, 0, 0, LOCAL_BYTES);
  if (nameBytes !== entry.path.length) header.writeUInt16LE(local.readUInt16LE(6) | UTF8_NAME, 6);
  header.writeUInt32LE(entry.crc32, 14);
  header.writeUInt32LE(entry.deflated.length, 18);
  header.writeUInt32LE(entry.sizeBytes, 22);
  header.writeUInt16LE(nameBytes, 26);
  header.write(entry.path, LOCAL_BYTES);
  return header;
}

/**
 * The directory's line of an entry (APPNOTE 4.3.12): the sample's, but for what is the entry's own.
 *
 * @param offset where its local header begins in the file
 */
export function centralHeader({ central }: SampleHeaders, entry: DeflatedEntry, offset: number): Buffer {
  const nameBytes = Buffer.byteLength(entry.path);
  const extraBytes = offset >= IN_EXTRA_FIELD ? EXTRA_BYTES : 0;
  const header = Buffer.allocUnsafe(CENTRAL_BYTES + nameBytes + extraBytes);
  central.copy(header, 0, 0, CENTRAL_BYTES);
  if (nameBytes !== entry.path.length) header.writeUInt16LE(central.readUInt16LE(8) | UTF8_NAME, 8);
  header.writeUInt32LE(entry.crc32, 16);
  header.writeUInt32LE(entry.deflated.length, 20);
  header.writeUInt32LE(entry.sizeBytes, 24);
  header.writeUInt16LE(nameBytes, 28);
  header.writeUInt16LE(extraBytes, 30);
  header.write(entry.path, CENTRAL_BYTES);
  if (extraBytes > 0) writeZip64(header, entry, offset);
  else header.writeUInt32LE(offset, 42);
  return header;
}

/** An offset beyond 4 GiB: archiver moves the sizes to the extra field too. */
function writeZip64(header: Buffer, { deflated, sizeBytes }: DeflatedEntry, offset: number): void {
  header.writeUInt16LE(VERSION_ZIP64, 6);
  for (const field of [20, 24, 42]) header.writeUInt32LE(IN_EXTRA_FIELD, field);
  const extra = header.subarray(-EXTRA_BYTES);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(EXTRA_BYTES - 4, 2);
  for (const [index, value] of [sizeBytes, deflated.length, offset].entries())
    extra.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
}

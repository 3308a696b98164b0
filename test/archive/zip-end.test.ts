import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TAIL_BYTES } from '../../src/archive/zip-end.ts';
import { failureOf, rawZipOf, refuses } from './hostile-archives.ts';
import { endRecords, rawEntries, rawZip } from './raw-zip.ts';
import { SMALL, temporaryFolder } from './zip-fixtures.ts';

/** Bytes that are no archive, and what the one line about them must say. */
refuses({
  'an empty file': [Buffer.alloc(0), /not a zip file/u],
  'a text': [Buffer.from('hello'.repeat(100)), /not a zip file/u],
  'data after the end': [
    rawZipOf(SMALL, (bytes) => Buffer.concat([bytes, Buffer.of(0)])),
    /followed by other data/u,
  ],
  'data before the beginning': [
    rawZipOf(SMALL, (bytes) => Buffer.concat([Buffer.from('#!/bin/sh\n'), bytes])),
    /cut off, joined or edited/u,
  ],
  'two end records': [
    rawZipOf(SMALL, (bytes) => Buffer.concat([bytes, bytes.subarray(-22)])),
    /cut off, joined or edited/u,
  ],
  'one archive behind another': [
    rawZipOf(SMALL, (bytes) => Buffer.concat([bytes, bytes])),
    /cut off, joined or edited/u,
  ],
  'a comment': [rawZip(rawEntries(SMALL), { comment: 'hello' }), /does not end as a zip file ends/u],
  'an end record in the comment': [
    rawZip(rawEntries(SMALL), { comment: endRecords(0, 0, 0, {}).toString('latin1') }),
    /cut off, joined or edited/u,
  ],
  'a part of a split file': [rawZip(rawEntries(SMALL), { disk: 1 }), /split/u],
  'more entries promised': [rawZip(rawEntries(SMALL), { entryCount: 9 }), /cut off|signature|not as long/u],
  'fewer entries promised': [rawZip(rawEntries(SMALL), { entryCount: 2 }), /not as long/u],
  'a million entries promised': [
    rawZip(rawEntries(SMALL), { isZip64: true, entryCount: 2 ** 40 }),
    /more than 1000000 entries/u,
  ],
  'end records that point to two directories': [
    Promise.resolve(rawZip(rawEntries(SMALL), { isZip64: true })).then((bytes) => {
      bytes.writeUInt32LE(0, bytes.length - 6);
      return bytes;
    }),
    /end records contradict/u,
  ],
});

test('Whatever of the Zip64 end records changes, but the versions, is refused', async (t) => {
  const dir = await temporaryFolder(t);
  const bytes = rawZip(rawEntries(SMALL), { isZip64: true });
  const start = bytes.length - TAIL_BYTES;
  for (let at = 0; at < TAIL_BYTES; at++) {
    if (at >= 12 && at < 16) continue;
    const changed = Buffer.from(bytes);
    changed[start + at] = (changed[start + at] ?? 0) ^ 0x10;
    const { message } = await failureOf(dir, changed);
    assert.match(message, /end record|split|more than|does not end as a zip file ends/u, `byte ${at}`);
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseManifest } from '../../src/archive/manifest.ts';
import { scanManifest } from '../../src/archive/manifest-scan.ts';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import type { FileRecord, Manifest, TypeRecord } from '../../src/model/manifest.ts';
import { incompleteManifestOf, manifestOf } from './zip-fixtures.ts';

const PIECE_BYTES = 1000;
const TYPES: readonly TypeRecord[] = ['pods', 'secrets', 'services'].map((type) => ({
  type,
  apiVersion: 'v1',
  kind: 'List of "files": [],',
  isNamespaced: true,
  outcomes: [{ scope: '*', result: 'exported', objectCount: 3, resourceVersion: '17' }],
}));

function withFiles(count: number, changes: Partial<Manifest> = {}): Manifest {
  return manifestOf(
    {},
    { types: TYPES, files: Array.from({ length: count }, (_value, at) => fileOf(at)), ...changes },
  );
}

function fileOf(at: number): FileRecord {
  const sha256 = at.toString(16).padStart(64, 'a');
  return { path: `shop-${at}/pods.json`, sha256, sizeBytes: at * 2 ** 33, objectCount: at };
}

/** What `scanManifest` makes of a text that comes in pieces; undefined when it leaves it to others. */
async function scanned(text: string | Buffer, pieceBytes = PIECE_BYTES): Promise<Manifest | undefined> {
  const files: FileRecord[] = [];
  const head = await scanManifest(piecesOf(Buffer.from(text), pieceBytes), (some) => {
    assert.ok(some.length < 1000, 'only a part of the files at a time');
    files.push(...some);
  });
  return head && { ...head, files };
}

async function* piecesOf(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** What the text says when all of it is read at once; undefined when it is refused. */
function parsed(text: string): Manifest | undefined {
  try {
    return parseManifest(text);
  } catch {
    return undefined;
  }
}

for (const count of [1, 2, 3, 500, 30_000]) {
  test(`A manifest as we write it is read in parts: ${count} files`, async () => {
    const manifest = withFiles(count);
    assert.deepEqual(await scanned(canonicalJson(manifest), 100_000), manifest);
  });
}

test('However the text is cut into pieces, the files are the same', async () => {
  const manifest = withFiles(4);
  for (let pieceBytes = 1; pieceBytes < 300; pieceBytes++) {
    assert.deepEqual(await scanned(canonicalJson(manifest), pieceBytes), manifest, `${pieceBytes} bytes`);
  }
});

test('Behind the files and before them, any JSON will do', async () => {
  const manifest = withFiles(5);
  const text = canonicalJson(manifest)
    .replace('"format": 1', '"form\\u0061t" :1.0')
    .replace('"endedAt": ', '"endedAt":');
  assert.deepEqual(await scanned(text), manifest);
  const deep = `${'['.repeat(900)}${']'.repeat(900)}`;
  assert.deepEqual(
    await scanned(text.replace('\n  "isComplete"', `"fore": ${deep}, \n  "isComplete"`)),
    manifest,
  );
});

test('An incomplete manifest, and one with keys of a later version, are read in parts', async () => {
  const incomplete = { ...incompleteManifestOf({}), files: [fileOf(1), fileOf(2)] };
  assert.deepEqual(await scanned(canonicalJson(incomplete)), incomplete);
  const manifest = withFiles(5);
  const files = manifest.files.map((file) => ({ ...file, mode: 420, labels: { a: [{ b: 1 }, { c: 2 }] } }));
  const later = { ...manifest, files, signature: { key: 'ä', files: [1, { x: 2 }] }, additions: [{}, {}] };
  assert.deepEqual(await scanned(canonicalJson(later)), manifest);
});

const TEXT = canonicalJson(withFiles(3));
const LIST = '\n  "files": [\n    ';
const LIST_BEGIN = TEXT.indexOf(LIST);
/** Texts that are not as we write them: some are manifests, and then they are read at once. */
const others: Record<string, string> = {
  'no files': canonicalJson(withFiles(0)),
  'no text': '',
  'no line breaks': JSON.stringify(withFiles(3)),
  'keys in another order': JSON.stringify(withFiles(3), null, 2),
  'two lists of files, the first empty': TEXT.replace(LIST, `\n  "files": [],${LIST}`),
  'two lists of files, the first full': TEXT.replace('\n  "format"', '\n  "files": [],\n  "format"'),
  'a list of files under an escaped key': TEXT.replace('\n  "format"', '\n  "f\\u0069les": [],\n  "format"'),
  'a list of files in something else': `{"options":${TEXT.trimEnd()}, "files": []}`,
  'a list of files in a list': `[${TEXT}]`,
  'something behind the end': `${TEXT}{}`,
  'a comma before the first': TEXT.replace(LIST, `${LIST},\n    `),
  'a comma behind the last': TEXT.replace('\n    }\n  ],\n  "format"', '\n    },\n  ],\n  "format"'),
  'two commas': TEXT.replace('\n    },\n', '\n    },,\n'),
  'two commas on two lines': TEXT.replace('\n    },\n    {', '\n    },\n    ,\n    {'),
  'no comma': TEXT.replace('\n    },\n', '\n    }\n'),
  'a list that closes and opens': TEXT.replace('\n    },\n    {', '\n    }],[\n    {'),
  'null among the files': TEXT.replace('\n    },\n', '\n    },null,\n'),
  'a list among the files': TEXT.replace('\n    },\n', '\n    },[],\n'),
  'a line break in a path': TEXT.replace('shop-1/pods', 'shop-1/po\nds'),
  'a separator in a path': TEXT.replace('shop-1/pods', 'shop-1/po,\n    {ds'),
  'the end of the list in a path': TEXT.replace('shop-1/pods', 'shop-1/po\n  ],\nds'),
  'complete with a gap': canonicalJson({ ...incompleteManifestOf({}), isComplete: true, files: [fileOf(1)] }),
  'a newer format': TEXT.replace('"format": 1', '"format": 2'),
  'an unknown key of great depth': TEXT.replace(
    '\n  "format"',
    `\n  "fore": ${'['.repeat(1e4)}${']'.repeat(1e4)},\n  "format"`,
  ),
  'much before the files': canonicalJson({ ...withFiles(3), additions: 'x'.repeat(2 ** 21) }),
  'a long file': canonicalJson({ ...withFiles(0), files: [{ ...fileOf(1), text: 'x'.repeat(2 ** 21) }] }),
};
for (const [what, text] of Object.entries(others)) {
  test(`A text of another form is left to the reader of all forms: ${what}`, async () => {
    assert.equal(await scanned(text, 100_000), undefined);
  });
}

test('A text that was cut off anywhere is left to the reader of all forms', async () => {
  for (let length = 0; length < TEXT.trimEnd().length; length++)
    assert.equal(await scanned(TEXT.slice(0, length), 97), undefined, `${length} characters`);
});

const wrongValues: Record<keyof FileRecord, readonly unknown[]> = {
  path: ['../pods.json', 'manifest.json', '', 7, null, undefined],
  sha256: ['ABC', 'A'.repeat(64), `${'a'.repeat(64)}\n`, 7, undefined],
  sizeBytes: [-1, 0.5, 2 ** 60, '7', null, undefined],
  objectCount: [-1, 0.5, 2 ** 60, '7', null, undefined],
};
for (const [key, values] of Object.entries(wrongValues)) {
  test(`A wrong ${key} is found in whatever file it stands`, async () => {
    const { files, ...head } = withFiles(700);
    for (const at of [0, 1, 322, 323, 324, 349, 350, 698, 699]) {
      for (const value of values) {
        const changed = files.map((file, index) => (index === at ? { ...file, [key]: value } : file));
        assert.equal(
          await scanned(canonicalJson({ ...head, files: changed }), 2 ** 16),
          undefined,
          `${at}: ${String(value)}`,
        );
      }
    }
  });
}

test('Whatever is changed in the text, what is read in parts is what is read at once', async () => {
  const tokens = [
    '"files": [],\n',
    LIST,
    ',\n    ',
    ',\n    {',
    '\n  ],\n',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    '\\',
    '\n',
    '0',
    'é',
    '\ud800',
  ];
  const texts = [
    TEXT,
    canonicalJson({ ...withFiles(3), additions: [{ files: [{}, {}] }] }),
    `{\n  "files": [\n    {}\n  ],\n}`,
  ];
  const change = fc.record({
    at: fc.nat(),
    removed: fc.oneof(fc.constant(0), fc.nat(8), fc.nat(400)),
    added: fc.oneof(fc.constantFrom(...tokens), fc.string({ maxLength: 3 }), fc.constantFrom(...texts)),
  });
  let readInParts = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...texts),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 2000 }),
      async (text, changes, pieceBytes) => {
        const changed = changes.reduce(applied, text);
        const inParts = await scanned(changed, pieceBytes);
        if (!inParts) return;
        readInParts++;
        assert.deepEqual(inParts, parsed(Buffer.from(changed).toString()));
      },
    ),
    { numRuns: 20_000 },
  );
  assert.ok(readInParts > 100, `${readInParts} of the changed texts were read in parts`);
});

test('Bytes that are no UTF-8 are left to the reader of all forms', async () => {
  for (const from of ['rules-1', 'shop-1/pods']) {
    for (const mark of [0xff, 0xc3, 0xe2, 0x82]) {
      const bytes = Buffer.from(TEXT);
      bytes[bytes.indexOf(from) + 4] = mark;
      assert.equal(await scanned(bytes, 64), undefined, from);
    }
  }
});

function applied(
  text: string,
  { at, removed, added }: { at: number; removed: number; added: string },
): string {
  // Mostly in and around the list of files.
  const place = at % 3 === 0 ? at % (text.length + 1) : Math.min(text.length, LIST_BEGIN + (at % 800));
  return text.slice(0, place) + added + text.slice(place + removed);
}

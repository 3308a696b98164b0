import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { isEntryPath } from '../../src/archive/entry-path.ts';
import { entryPath } from '../../src/archive/layout.ts';
import { parseManifest } from '../../src/archive/manifest.ts';
import { KnownError } from '../../src/model/known-error.ts';
import type { Manifest, Outcome } from '../../src/model/manifest.ts';
import { manifestOf, SMALL } from './zip-fixtures.ts';

const OUTCOMES: readonly Outcome[] = [
  { scope: '*', result: 'exported', objectCount: 3, resourceVersion: '17' },
  { scope: 'shop', result: 'empty', resourceVersion: '17' },
  { scope: 'bank', result: 'denied' },
  { scope: 'bar', result: 'skipped', rule: 'events', reason: 'Events are no configuration' },
];
const MANIFEST = manifestOf(SMALL, {
  types: [{ type: 'pods', apiVersion: 'v1', kind: 'Pod', isNamespaced: true, outcomes: OUTCOMES }],
});
const FAILED: Outcome = { scope: 'baz', result: 'failed', reason: 'HTTP 503' };

/** The manifest as it would have been parsed, with a part of it replaced. */
function changed(change: (manifest: Record<string, unknown>) => void): string {
  const copy = structuredClone(MANIFEST) as unknown as Record<string, unknown>;
  change(copy);
  return JSON.stringify(copy);
}

test('A manifest that was written is read as it was', () => {
  const gap = { ...MANIFEST, isComplete: false, types: [{ ...MANIFEST.types[0], outcomes: [FAILED] }] };
  for (const manifest of [MANIFEST, gap, { ...MANIFEST, cluster: { id: null, serverVersion: 'v1.36.0' } }]) {
    assert.deepEqual(parseManifest(canonicalJson(manifest)), manifest);
    assert.deepEqual(parseManifest(JSON.stringify(manifest)), manifest);
  }
});

test('Keys that a later version may add are ignored', () => {
  const text = canonicalJson({
    ...MANIFEST,
    signature: { key: 'x' },
    files: MANIFEST.files.map((file) => ({ ...file, mode: 420 })),
  });
  assert.deepEqual(parseManifest(text), MANIFEST);
});

const refused: Record<string, readonly [string, RegExp]> = {
  'no text': ['', /is not JSON/u],
  'half a text': [JSON.stringify(MANIFEST).slice(0, -9), /is not JSON/u],
  'a list': ['[]', /is not a manifest of openshift-backup$/u],
  null: ['null', /is not a manifest of openshift-backup$/u],
  'another JSON file': ['{"name":"openshift-backup"}', /is not a manifest of openshift-backup$/u],
  'a format that is text': [changed((m) => (m['format'] = '1')), /is not a manifest of openshift-backup$/u],
  'format 0': [changed((m) => (m['format'] = 0)), /is not a manifest of openshift-backup$/u],
  'a newer format': ['{"format":2}', /has format 2, made by a newer openshift-backup: update/u],
  'no time': [changed((m) => delete m['startedAt']), /wrong or missing startedAt$/u],
  'an impossible time': [
    changed((m) => (m['endedAt'] = '2026-02-30T00:00:00Z')),
    /wrong or missing endedAt$/u,
  ],
  'no cluster': [changed((m) => delete m['cluster']), /wrong or missing cluster$/u],
  'a number for a cluster': [
    changed((m) => (m['cluster'] = { id: 7, serverVersion: 'v1' })),
    /wrong or missing cluster\.id$/u,
  ],
  'no files': [changed((m) => delete m['files']), /wrong or missing files$/u],
  'a broken digest': [withFile({ sha256: 'ABC' }), /wrong or missing files\[1\]\.sha256$/u],
  'a negative size': [withFile({ sizeBytes: -1 }), /wrong or missing files\[1\]\.sizeBytes$/u],
  'half an object': [withFile({ objectCount: 0.5 }), /wrong or missing files\[1\]\.objectCount$/u],
  'a size beyond 2^53': [withFile({ sizeBytes: 2 ** 60 }), /wrong or missing files\[1\]\.sizeBytes$/u],
  'a path that leads out': [withFile({ path: '../pods.json' }), /wrong or missing files\[1\]\.path$/u],
  'an unknown result': [
    changed((m) => (m['types'] = [{ ...MANIFEST.types[0], outcomes: [{ scope: '*', result: 'lost' }] }])),
    /wrong or missing types\[0\]\.outcomes\[0\]\.result$/u,
  ],
  'an outcome without its reason': [
    changed((m) => (m['types'] = [{ ...MANIFEST.types[0], outcomes: [{ scope: '*', result: 'failed' }] }])),
    /wrong or missing types\[0\]\.outcomes\[0\]\.reason$/u,
  ],
  'complete with a gap': [
    changed((m) => (m['types'] = [{ ...MANIFEST.types[0], outcomes: [FAILED] }])),
    /says complete, and names a gap: pods \(baz\)$/u,
  ],
};
for (const [what, [text, message]] of Object.entries(refused)) {
  test(`A manifest is refused with one line: ${what}`, () => {
    assert.throws(
      () => parseManifest(text),
      (error) => {
        assert.ok(error instanceof KnownError && error.kind === 'failed', String(error));
        assert.match(error.message, message);
        assert.match(error.message, /^manifest\.json [^\n]{1,600}$/u);
        return true;
      },
    );
  });
}

test('Whatever JSON stands in the manifest, it is read or refused, and never a defect', () => {
  const paths = Object.keys(MANIFEST) as (keyof Manifest)[];
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.jsonValue(), (key, value) => {
      try {
        parseManifest(JSON.stringify({ ...MANIFEST, [key]: value }));
      } catch (error) {
        assert.ok(error instanceof KnownError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

test('Every path that can be written can be read, and holds no way out of its folder', () => {
  const name = fc.stringMatching(/^[a-z0-9][-a-z0-9.]{0,252}$/u);
  fc.assert(
    fc.property(fc.option(name, { nil: undefined }), name, (project, type) => {
      const path = entryPath(project, type);
      assert.ok(isEntryPath(path), path);
      assert.ok(!path.split('/').includes('..'), path);
    }),
  );
});

function withFile(changes: object): string {
  return JSON.stringify({
    ...MANIFEST,
    files: MANIFEST.files.map((file, index) => (index === 1 ? { ...file, ...changes } : file)),
  });
}

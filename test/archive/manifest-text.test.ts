import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifestPieces } from '../../src/archive/manifest-text.ts';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import type { Manifest } from '../../src/model/manifest.ts';

const MANIFEST: Manifest = {
  format: 1,
  tool: { name: 'openshift-backup', version: '0' },
  ruleSet: '1',
  cluster: { id: null, serverVersion: '"files": [],\n  "files": [],\n' },
  startedAt: '2026-11-20T00:15:00.000Z',
  endedAt: '2026-11-20T00:16:00.000Z',
  isComplete: false,
  options: { namespaces: ['a"b'] },
  types: [],
  files: [],
};

for (const count of [0, 1, 999, 1000, 1001, 2000]) {
  test(`manifestPieces() give the canonical text of a manifest with ${count} files`, () => {
    const files = Array.from({ length: count }, (_value, index) => ({
      path: `project-${index}/configmaps.json`,
      sha256: 'ab'.repeat(32),
      sizeBytes: index,
      objectCount: count - index,
    }));
    const manifest = { ...MANIFEST, files };
    assert.equal(Buffer.concat([...manifestPieces(manifest)]).toString(), canonicalJson(manifest));
  });
}

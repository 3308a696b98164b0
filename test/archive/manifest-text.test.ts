import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileList } from '../../src/archive/file-list.ts';
import { manifestPieces } from '../../src/archive/manifest-text.ts';
import { canonicalJson } from '../../src/json/canonical-json.ts';
import { countsOf } from '../../src/model/file-counter.ts';
import type { FileRecord, ManifestHead } from '../../src/model/manifest.ts';

const HEAD: ManifestHead = {
  format: 1,
  tool: { name: 'openshift-backup', version: '0' },
  ruleSet: '1',
  cluster: { id: null, serverVersion: '"files": [],\n  "files": [],\n' },
  startedAt: '2026-11-20T00:15:00.000Z',
  endedAt: '2026-11-20T00:16:00.000Z',
  isComplete: false,
  options: { namespaces: ['a"b'] },
  types: [],
};

for (const count of [0, 1, 999, 1000, 1001, 2000, 3500]) {
  const files = Array.from({ length: count }, (_value, index) => fileOf(index));
  const list = new FileList();
  for (const file of files) list.add(file);

  test(`manifestPieces() give the canonical text of a manifest with ${count} files`, () => {
    const text = Buffer.concat([...manifestPieces(HEAD, list.pages())]).toString();
    assert.equal(text, canonicalJson({ ...HEAD, files }));
  });

  test(`FileList gives back ${count} files, as often as it is asked`, () => {
    for (let round = 0; round < 2; round++) assert.deepEqual([...list.pages()].flat(), files);
    assert.deepEqual(list.counts, countsOf({ ...HEAD, files }));
  });
}

function fileOf(index: number): FileRecord {
  return {
    path: `${index % 3 === 0 ? '_facts/' : ''}project-${index}/configmaps.json`,
    sha256: index.toString(16).padStart(64, '0f9'),
    sizeBytes: index === 7 ? 2 ** 40 + 1 : index,
    objectCount: 2 * index,
  };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { countsOf, FileCounter } from '../../src/model/file-counter.ts';
import type { FileRecord, Manifest } from '../../src/model/manifest.ts';

const HEAD: Omit<Manifest, 'files'> = {
  format: 1,
  tool: { name: 'openshift-backup', version: '0' },
  ruleSet: '1',
  cluster: { id: null, serverVersion: 'v1' },
  startedAt: '2026-11-20T00:15:00.000Z',
  endedAt: '2026-11-20T00:16:00.000Z',
  isComplete: true,
  options: { namespaces: [] },
  types: [],
};

function fileOf(folder: string, type: string, objectCount: number): FileRecord {
  return { path: `${folder}/${type}.json`, sha256: 'a'.repeat(64), sizeBytes: 1, objectCount };
}

test('Facts count as files only, and what belongs to no project is in no project', () => {
  const files = [
    fileOf('_cluster', 'nodes', 3),
    fileOf('_facts/_cluster', 'nodes', 3),
    fileOf('shop', 'pods', 5),
    fileOf('_facts/shop', 'pods', 5),
    fileOf('shop', 'secrets', 1),
    fileOf('_facts/bank', 'pods', 9),
  ];
  const counts = { fileCount: 6, objectFileCount: 3, objectCount: 9, projectCount: 1 };
  assert.deepEqual(countsOf({ ...HEAD, files }), counts);
  assert.deepEqual(countsOf({ ...HEAD, counts }), counts);
  const none = { fileCount: 0, objectFileCount: 0, objectCount: 0, projectCount: 0 };
  assert.deepEqual(countsOf({ ...HEAD, files: [] }), none);
});

test('FileCounter counts the same, however the files are handed to it', () => {
  const file = fc
    .tuple(
      fc.constantFrom('_cluster', '_facts/_cluster', '_facts/a', 'a', 'b', 'a-b'),
      fc.stringMatching(/^[a-c]$/u),
      fc.nat(9),
    )
    .map((parts) => fileOf(...parts));
  fc.assert(
    fc.property(fc.array(fc.array(file)), (parts) => {
      const counter = new FileCounter();
      for (const part of parts) counter.take(part);
      assert.deepEqual(counter.counts(), countsOf({ ...HEAD, files: parts.flat() }));
      const ofObjects = parts.flat().filter(({ path }) => !path.startsWith('_facts/'));
      const projects = new Set(
        ofObjects.map(({ path }) => path.split('/', 1)[0]).filter((name) => name !== '_cluster'),
      );
      assert.deepEqual(counter.counts(), {
        fileCount: parts.flat().length,
        objectFileCount: ofObjects.length,
        objectCount: ofObjects.reduce((sum, { objectCount }) => sum + objectCount, 0),
        projectCount: projects.size,
      });
    }),
  );
});

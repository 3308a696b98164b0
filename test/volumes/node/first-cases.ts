import assert from 'node:assert/strict';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { fill, own } from './fill.ts';
import type { Place } from './on-node.ts';
import { makeProject, type Project } from './project.ts';
import { listingOf } from './tree.ts';

const UID = 1000;

/** A copy from the plan to the status, as somebody makes it who has never made one. */
export function firstCases(place: Place): void {
  // One after the other, though it stands beside others: each goes on from the one before.
  describe('a project with one volume and a claim for its copy', { concurrency: 1 }, () => {
    let shop: Project;
    let source: string;
    let target: string;

    before(async () => {
      const { cluster, image } = place();
      shop = await makeProject(cluster, 'shop', image);
      source = await shop.claim('data', { uid: UID, gid: UID, mode: 0o755 });
      target = await shop.claim('data-backup', { uid: UID, gid: UID, mode: 0o755 });
      await fill(source, UID);
    });

    test('is planned without anything being made', async () => {
      const { code, stdout, stderr } = await shop.volumes(['plan', 'data', 'data-backup']);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^from +data +Bound/mu);
      assert.match(stdout, /^to +data-backup +Bound/mu);
      assert.deepEqual(await shop.runs(), []);
      assert.deepEqual(await shop.movers(), []);
    });

    test('is copied, and the copy is equal', async () => {
      const { code, stdout, stderr } = await shop.volumes(['copy', 'data', 'data-backup']);
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.match(stdout, /^Complete: data -> data-backup: /u);
      assert.deepEqual(await listingOf(target), await listingOf(source));
      assert.deepEqual(await shop.movers(), []);
    });

    test('says so on the claim and in the status', async () => {
      const [run, ...others] = await shop.runs();
      assert.deepEqual(others, []);
      assert.partialDeepStrictEqual(run, { phase: 'ended', result: 'complete', node: 'node-1', attempts: 1 });
      const { metadata } = JSON.parse(await shop.kubectl('get', 'pvc', 'data-backup', '-o', 'json')) as {
        metadata: { annotations: Record<string, string> };
      };
      assert.partialDeepStrictEqual(metadata.annotations, {
        'openshift-backup.io/copy-state': 'complete',
        'openshift-backup.io/copy-of': 'data',
        'openshift-backup.io/copy-run': run?.id,
      });
      const { stdout } = await shop.volumes(['status']);
      assert.match(stdout, new RegExp(`^${run?.id} +data -> data-backup +complete `, 'mu'));
      assert.equal(await shop.kubectl('get', 'leases', '-o', 'name'), '');
    });

    test('is copied again, with what has changed and without what has gone', async () => {
      await appendFile(path.join(source, 'plain', 'file'), 'more\n');
      await writeFile(path.join(source, 'later'), 'later\n');
      await own(source, 'later', UID, UID);
      await rm(path.join(source, 'with space'), { recursive: true });
      const { code, stdout, stderr } = await shop.volumes([
        'copy',
        'pvc/data',
        'pvc/data-backup',
        '-o',
        'json',
      ]);
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.partialDeepStrictEqual(JSON.parse(stdout), {
        result: 'complete',
        report: { copied: { deletedCount: 2 } },
      });
      assert.deepEqual(await listingOf(target), await listingOf(source));
    });
  });
}

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { RunRecord } from '../../../src/volumes/run-record.ts';
import { pod, UID } from '../../cluster/node/restricted-objects.ts';
import { addSetId, fill, own } from './fill.ts';
import type { Place } from './on-node.ts';
import { makeProject, type Project } from './project.ts';
import { allocatedBytes, listingOf } from './tree.ts';

/** As /proc/self/status has them: CHOWN, DAC_OVERRIDE and FOWNER, and FSETID besides. */
const NONE = '0000000000000000';
const FOR_OWNERS = '000000000000000b';
const FOR_SET_ID = '000000000000001b';

/** Who copies: never more than it takes, and nobody where that is not allowed. */
export function tierCases(place: Place): void {
  describe('a copy is made', () => {
    test('as the user of the application that runs, while it runs', async () => {
      const { cluster, image } = place();
      const project = await makeProject(cluster, 'tier-project', image, { level: 'restricted' });
      const source = await project.claim('data', { uid: UID, gid: 0, mode: 0o770 });
      const target = await project.claim('copy', { uid: UID, gid: 0, mode: 0o770 });
      await fill(source, UID, 0);
      await cluster.kubectl(['-n', project.name, 'wait', '--for=create', 'serviceaccount/default']);
      await cluster.apply([pod(project.name, 'app', ['pause'], { claim: 'data' })]);
      await project.kubectl('wait', '--for=condition=Ready', 'pod/app', '--timeout=120s');
      const record = await copied(project);
      assert.equal(record.tier, 'project');
      assert.partialDeepStrictEqual(record.report, { identity: { uid: UID, gid: 0, capEff: NONE } });
      assert.deepEqual(await listingOf(target), await listingOf(source));
    });

    test('as the owner of all files, who was not known before', async () => {
      const { cluster, image } = place();
      const project = await makeProject(cluster, 'tier-owner', image);
      const source = await project.claim('data', { uid: 2000, gid: 2001, mode: 0o700 });
      const target = await project.claim('copy', { uid: 2000, gid: 2001, mode: 0o700 });
      await fill(source, 2000, 2001);
      const record = await copied(project);
      assert.equal(record.tier, 'owner');
      assert.partialDeepStrictEqual(record.report, { identity: { uid: 2000, gid: 2001, capEff: NONE } });
      assert.deepEqual(await listingOf(target), await listingOf(source));
    });

    test('as root, with as few capabilities as it takes, where there are several owners', async () => {
      const { cluster, image } = place();
      const project = await makeProject(cluster, 'tier-root', image);
      const source = await project.claim('data', { mode: 0o755 });
      const target = await project.claim('copy', { mode: 0o755 });
      await fill(source, 2000);
      await own(source, 'plain/deep', 3000, 3001);
      await own(source, '.hidden', 1_000_650_000, 0);
      const record = await copied(project);
      assert.equal(record.tier, 'root');
      assert.partialDeepStrictEqual(record.report, { identity: { uid: 0, capEff: FOR_OWNERS } });
      assert.deepEqual(await listingOf(target), await listingOf(source));
      const sparse = await allocatedBytes(path.join(target, 'sparse'));
      assert.ok(sparse < 1024 * 1024, `${sparse} bytes for a file that is almost empty`);

      await addSetId(source, 2000, 3001);
      const second = await copied(project);
      assert.partialDeepStrictEqual(second.report, { identity: { uid: 0, capEff: FOR_SET_ID } });
      assert.deepEqual(await listingOf(target), await listingOf(source));
    });
  });

  describe('a copy is not made', () => {
    test('in a project that does not let its volumes be copied', async () => {
      const { cluster, image } = place();
      const project = await makeProject(cluster, 'no-consent', image, { isOptedIn: false });
      await project.claim('data');
      const target = await project.claim('copy');
      await declined(project, /make volumes-allow PROJECT=no-consent/u, 'not-opted-in');
      assert.deepEqual(await listingOf(target), []);
    });

    test('of several owners, where Pod Security lets nobody be root', async () => {
      const { cluster, image } = place();
      const project = await makeProject(cluster, 'no-root', image, { level: 'restricted' });
      const source = await project.claim('data', { mode: 0o755 });
      const target = await project.claim('copy', { mode: 0o777 });
      await fill(source, 2000);
      await own(source, 'plain/deep', 3000, 3001);
      const { declined: reason } = await declined(project, /Pod Security|restricted/u);
      assert.match(reason ?? '', /^(?:mixed-owners|pod-security)$/u);
      assert.deepEqual(await listingOf(target), []);
      assert.equal(await project.copyState('copy'), undefined);
    });

    test('when a quota lets no pod in; what an earlier copy left stays complete', async () => {
      const { cluster, image } = place();
      const project = await makeProject(cluster, 'quota', image);
      const source = await project.claim('data', { mode: 0o777 });
      await project.claim('copy', { mode: 0o777 });
      await writeFile(path.join(source, 'note'), 'one');
      await copied(project);
      await cluster.apply([
        {
          apiVersion: 'v1',
          kind: 'ResourceQuota',
          metadata: { namespace: project.name, name: 'none' },
          spec: { hard: { pods: '0' } },
        },
      ]);
      await project.kubectl('wait', '--for=jsonpath={.status.hard.pods}=0', 'resourcequota/none');
      const { code, stdout } = await project.volumes(['copy', 'data', 'copy']);
      assert.equal(code, 4);
      assert.match(stdout, /^Failed: .*was refused: .*exceeded quota: none/u);
      assert.equal(await project.copyState('copy'), 'complete');
      assert.deepEqual(await project.movers(), []);
    });

    test('of a source that has lost almost everything, unless it is allowed', async () => {
      const { cluster, image } = place();
      const project = await makeProject(cluster, 'shrunk', image);
      const source = await project.claim('data', { uid: 2000, gid: 2000, mode: 0o755 });
      const target = await project.claim('copy', { uid: 2000, gid: 2000, mode: 0o755 });
      await fill(source, 2000);
      await copied(project);
      const before = await listingOf(target);
      await project.kubectl('annotate', 'pvc', 'copy', 'openshift-backup.io/copy-time=kept', '--overwrite');
      await cluster.run(['sh', '-c', `find '${source}' -mindepth 1 -delete`]);
      const { code, stdout } = await project.volumes(['copy', 'data', 'copy', '-o', 'json']);
      assert.equal(code, 4, stdout);
      assert.partialDeepStrictEqual(JSON.parse(stdout), { result: 'failed', report: { outcome: 'shrunk' } });
      assert.deepEqual(await listingOf(target), before);
      assert.equal(await project.copyState('copy'), 'complete');
      await copied(project, '--may-shrink');
      assert.deepEqual(await listingOf(target), []);
    });
  });
}

async function copied(project: Project, ...flags: readonly string[]): Promise<RunRecord> {
  const { code, stdout, stderr } = await project.volumes(['copy', 'data', 'copy', '-o', 'json', ...flags]);
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  assert.deepEqual(await project.movers(), []);
  return JSON.parse(stdout) as RunRecord;
}

async function declined(project: Project, message: RegExp, reason?: string): Promise<RunRecord> {
  const { code, stdout } = await project.volumes(['copy', 'data', 'copy', '-o', 'json']);
  assert.equal(code, 5, stdout);
  const record = JSON.parse(stdout) as RunRecord;
  assert.equal(record.result, 'declined');
  assert.match(record.message, message);
  if (reason !== undefined) assert.equal(record.declined, reason);
  assert.deepEqual(await project.movers(), []);
  return record;
}

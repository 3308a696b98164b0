import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, beforeEach, describe, test } from 'node:test';
import { PREFIX } from '../../../src/volumes/annotations.ts';
import type { RunRecord } from '../../../src/volumes/run-record.ts';
import { recordOf } from '../store/opted-in.ts';
import { own } from './fill.ts';
import type { Place } from './on-node.ts';
import { makeProject, type Project } from './project.ts';
import { COUNT, countIn, counts, dropLocks, hookLog, replicasOf, saying, tally, UID } from './tally.ts';

const FREEZE = JSON.stringify(['/tiny', 'freeze', COUNT]);
const THAW = JSON.stringify(['/tiny', 'thaw', COUNT]);
const HOOKS = ['data', 'copy', '--quiesce', 'hooks', '-o', 'json'];
const SCALE = ['data', 'copy', '--quiesce', 'scale', '-o', 'json'];
/** At this rate the copy takes long enough to come between. */
const SLOW = ['--bandwidth', '300K'];
const LARGE_BYTES = 3 * 1024 * 1024;

/** Applications that are kept still while their volume is copied, and what comes between. */
export function hookCases(place: Place): void {
  describe('an application with hooks', { concurrency: 1 }, () => {
    let project: Project;
    let source: string;
    let target: string;

    before(async () => {
      const { cluster, image } = place();
      project = await makeProject(cluster, 'hooks', image);
      source = await project.claim('data', { uid: UID, gid: UID, mode: 0o755 });
      target = await project.claim('copy', { uid: UID, gid: UID, mode: 0o755 });
      await cluster.apply([tally('hooks', 'Pod', 'data')]);
      await counts(source);
      await writeFile(path.join(source, 'count.log'), '');
      await own(source, 'count.log', UID, UID);
    });
    beforeEach(() => writeFile(path.join(source, 'count.log'), ''));

    /** Gives the pod these hooks, and no others. */
    async function hooks(given: Readonly<Record<string, string>>): Promise<void> {
      const names = ['pre-hook', 'post-hook', 'hook-timeout'].map((name) => `${PREFIX}${name}`);
      const all = { ...Object.fromEntries(names.map((name) => [name, ''])), ...given };
      const changes = Object.entries(all).map(([name, text]) =>
        text === '' ? `${name}-` : `${name}=${text}`,
      );
      await project.kubectl('annotate', 'pod', 'single', '--overwrite', ...changes);
    }

    test('is frozen by them, and its copy is equal', async () => {
      await hooks({ [`${PREFIX}pre-hook`]: FREEZE, [`${PREFIX}post-hook`]: THAW });
      const { code, stdout, stderr } = await project.volumes(['copy', ...HOOKS]);
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.equal((JSON.parse(stdout) as RunRecord).result, 'complete');
      assert.deepEqual([await hookLog(source), await hookLog(target)], [['freeze', 'thaw'], ['freeze']]);
      assert.ok((await counts(source)) > (await countIn(target)), 'it goes on');
    });

    test('whose pre hook fails is not copied, and its post hook runs', async () => {
      await hooks({
        [`${PREFIX}pre-hook`]: '["/tiny","exit","7","no","room"]',
        [`${PREFIX}post-hook`]: THAW,
      });
      const record = await failed();
      assert.match(record.message, /The pre hook of pod single failed: \/tiny ended with 7: no room/u);
      assert.deepEqual(await hookLog(source), ['thaw']);
    });

    test('whose pre hook takes too long is not copied, and its post hook runs', async () => {
      await hooks({
        [`${PREFIX}pre-hook`]: '["/tiny","pause"]',
        [`${PREFIX}hook-timeout`]: '1',
        [`${PREFIX}post-hook`]: THAW,
      });
      const record = await failed();
      assert.match(record.message, /The pre hook of pod single failed: .* did not end within 1 s/u);
      assert.deepEqual(await hookLog(source), ['thaw']);
    });

    test('is thawed when its copy fails, also when nobody is left to do it but the next run', async () => {
      await writeFile(path.join(source, 'large'), randomBytes(LARGE_BYTES));
      await own(source, 'large', UID, UID);
      await hooks({ [`${PREFIX}pre-hook`]: FREEZE, [`${PREFIX}post-hook`]: THAW });
      const first = project.startVolumes(['copy', ...HOOKS, ...SLOW]);
      await saying(first, 'copying: Works');
      first.child.kill('SIGKILL');
      const { stderr } = await first.ended;
      assert.deepEqual(await hookLog(source), ['freeze'], stderr);
      await dropLocks(project);
      const next = project.startVolumes(['copy', ...HOOKS]);
      await saying(next, 'Takes up the copy');
      await saying(next, 'copying: Works');
      const [mover = ''] = await project.movers();
      await project.kubectl('delete', mover, '--wait=false');
      const { code, stdout } = await next.ended;
      assert.equal(code, 4, stdout);
      assert.deepEqual(await hookLog(source), ['freeze', 'thaw']);
      await counts(source);
    });

    test('with the hooks of Velero only is frozen where these are switched on', async () => {
      await hooks({
        'pre.hook.backup.velero.io/command': FREEZE,
        'post.hook.backup.velero.io/command': THAW,
      });
      const declined = await project.volumes(['copy', ...HOOKS]);
      assert.equal(declined.code, 5, declined.stderr);
      assert.match(declined.stdout, /hook-missing/u);
      const { code, stdout, stderr } = await project.volumes(['copy', ...HOOKS, '--velero-hooks', 'true']);
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.deepEqual([await hookLog(source), await hookLog(target)], [['freeze', 'thaw'], ['freeze']]);
    });

    async function failed(): Promise<RunRecord> {
      const { code, stdout } = await project.volumes(['copy', ...HOOKS]);
      assert.equal(code, 4, stdout);
      const record = JSON.parse(stdout) as RunRecord;
      assert.deepEqual([record.phase, record.result], ['ended', 'failed']);
      await counts(source);
      return record;
    }
  });

  describe('an application that is scaled to zero for its copy', { concurrency: 1 }, () => {
    let project: Project;
    let source: string;
    let target: string;

    before(async () => {
      const { cluster, image } = place();
      project = await makeProject(cluster, 'scaled', image);
      source = await project.claim('data', { uid: UID, gid: UID, mode: 0o755 });
      target = await project.claim('copy', { uid: UID, gid: UID, mode: 0o755 });
      await cluster.apply([tally('scaled', 'Deployment', 'data')]);
      await counts(source);
      await writeFile(path.join(source, 'large'), randomBytes(LARGE_BYTES));
      await own(source, 'large', UID, UID);
    });

    test('is scaled back by the next run when the process was killed meanwhile', async () => {
      const first = project.startVolumes(['copy', ...SCALE, ...SLOW]);
      await saying(first, 'copying: Works');
      first.child.kill('SIGKILL');
      const killed = await first.ended;
      assert.equal((await replicasOf(project, 'Deployment'))[0], '0', killed.stderr);
      await dropLocks(project);
      const { code, stdout, stderr } = await project.volumes(['copy', ...SCALE]);
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      assert.match(stderr, /Takes up the copy/u);
      assert.equal((JSON.parse(stdout) as RunRecord).result, 'complete');
      assert.equal((await replicasOf(project, 'Deployment'))[0], '1');
      assert.ok((await counts(source)) > (await countIn(target)));
    });

    test('obeys no record that somebody else has made up', async () => {
      const { cluster } = place();
      await cluster.apply([
        { ...tally('scaled', 'Pod', 'data', { [`${PREFIX}post-hook`]: THAW }) },
        idle('scaled'),
        forged('scaled'),
      ]);
      await project.kubectl('wait', '--for=condition=Ready', 'pod/single', '--timeout=60s');
      const { stdout, stderr } = await project.volumes(['copy', 'data', 'copy']);
      assert.match(stderr, /The post hook of pod single has not run: /u, stdout);
      assert.match(stderr, /deployments idle is not scaled back to 3: /u);
      assert.match(stderr, /The record names no workload/u);
      assert.equal(
        await project.kubectl('get', 'deployment', 'idle', '-o', 'jsonpath={.spec.replicas}'),
        '0',
      );
      assert.deepEqual(await hookLog(source), []);
      const made = (await project.runs()).find(({ id }) => id === FORGED_ID);
      assert.partialDeepStrictEqual(made, { phase: 'ended', result: 'failed', toUndo: [] });
    });
  });
}

const FORGED_ID = '20260101t000000-aaaaa';

/** A workload that somebody has stopped, and that has nothing to do with the volume. */
function idle(namespace: string) {
  const object = tally(namespace, 'Deployment', 'other');
  const labels = { app: 'idle' };
  const { template } = object['spec'] as { template: { spec: object } };
  return {
    ...object,
    metadata: { namespace, name: 'idle' },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { ...template, metadata: { labels } },
    },
  };
}

/** The record of a copy that never was, with what its author would like to see done. */
function forged(namespace: string) {
  const record: RunRecord = {
    ...recordOf(namespace, FORGED_ID),
    phase: 'quiescing',
    toUndo: [
      {
        kind: 'hook',
        pod: 'single',
        container: 'app',
        command: ['/tiny', 'freeze', COUNT],
        timeoutSeconds: 5,
      },
      { kind: 'scale', apiVersion: 'apps/v1', resource: 'deployments', name: 'idle', replicas: 3 },
      { kind: 'scale', apiVersion: 'v1', resource: 'secrets', name: '..', replicas: 3 },
    ],
  };
  const request = { ...record.request, source: 'data', target: 'copy' };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace,
      name: `backuper-run-${FORGED_ID}`,
      labels: { [`${PREFIX}record`]: 'true', [`${PREFIX}run`]: FORGED_ID },
    },
    data: { 'record.json': JSON.stringify({ ...record, request }) },
  };
}

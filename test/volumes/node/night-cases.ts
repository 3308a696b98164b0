import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { VolumeOutcome } from '../../../src/model/volume-outcome.ts';
import { type CliResult, runCli, startCli } from '../../support/run-cli.ts';
import { fill, own } from './fill.ts';
import type { Place } from './on-node.ts';
import { makeProject, type Project } from './project.ts';
import { listingOf } from './tree.ts';

const UID = 1000;
/** At half a megabyte a second it takes a while, in which a process can be killed. */
const LARGE_BYTES = 18 * 1024 * 1024;
const OWNED = { uid: UID, gid: UID, mode: 0o755 };
const PREFIX = 'openshift-backup.io';

/** Nights in a project whose claims ask for copies. */
export function nightCases(place: Place): void {
  describe('a night of copies', { concurrency: 1 }, () => {
    let project: Project;
    let dir: string;
    let source: string;
    let target: string;

    before(async () => {
      const { cluster, image } = place();
      dir = await mkdtemp(path.join(tmpdir(), 'night-'));
      project = await makeProject(cluster, 'night', image);
      const copyTo = (name: string) => ({ annotations: { [`${PREFIX}/copy-to`]: name } });
      source = await project.claim('data', { ...OWNED, ...copyTo('data-backup') });
      target = await project.claim('data-backup', OWNED);
      const logs = await project.claim('logs', OWNED);
      await project.claim('logs-backup', OWNED);
      await project.claim('scratch', OWNED);
      await fill(source, UID);
      await writeFile(path.join(logs, 'line'), 'one\n');
      await own(logs, 'line', UID, UID);
      await project.kubectl('label', 'namespace', 'night', `${PREFIX}/volumes=allowed`);
    });
    after(() => rm(dir, { recursive: true }));

    async function night(...args: readonly string[]): Promise<CliResult> {
      const environment = { KUBECONFIG: project.kubeconfig, OPENSHIFT_BACKUP_IMAGE: place().image };
      return await runCli(['run', '--dir', dir, '-n', 'night', '-o', 'json', ...args], { environment });
    }

    test('copies what a claim asks for, and what the settings ask for, and says of every claim what became of it', async () => {
      const { code, stdout, stderr } = await night('--volume', 'night/logs=logs-backup');
      assert.equal(code, 0, `${stdout}\n${stderr}`);
      const { volumes } = JSON.parse(stdout) as { volumes: VolumeOutcome[] };
      const expected = [
        ['data', 'data-backup', 'complete'],
        ['data-backup', undefined, 'copy'],
        ['logs', 'logs-backup', 'complete'],
        ['logs-backup', undefined, 'copy'],
        ['scratch', undefined, 'unasked'],
      ];
      assert.deepEqual(
        volumes.map(({ claim, target: copy, result }) => [claim, copy, result]),
        expected,
      );
      const ledger = JSON.parse(await readFile(path.join(dir, 'volumes.json'), 'utf8')) as {
        claims: unknown;
      };
      assert.deepEqual(ledger.claims, volumes);
      assert.deepEqual(await listingOf(target), await listingOf(source));
      assert.match(stderr, /"claim":"data".*"msg":"Copied a volume"/u);
    });

    test('stands in the status and in the metrics', async () => {
      const { stdout } = await runCli(['status', '--dir', dir]);
      assert.match(stdout, /^Copies: +2 volumes copied, none is missing; of 1 nobody wants a copy$/mu);
      const metrics = await readFile(path.join(dir, 'openshift-backup.prom'), 'utf8');
      for (const line of ['volumes_copied', 'volumes_failed', 'volumes_unasked'].map(
        (name, index) => new RegExp(`^openshift_backup_${name}\\{.*\\} ${[2, 0, 1][index]}$`, 'mu'),
      ))
        assert.match(metrics, line);
    });

    test('leaves nothing of itself in the archive', async () => {
      const { code, stdout } = await runCli(['diff', '--dir', dir, '-o', 'json', '--exit-zero']);
      // There is one archive yet.
      assert.ok([0, 2].includes(code ?? -1), stdout);
      const { stdout: shown } = await runCli(['show', '--dir', dir, 'latest', '-o', 'json']);
      assert.doesNotMatch(shown, /copy-state|copy-run|backuper-run/u);
    });

    test('is incomplete where a copy cannot be made, and makes the others', async () => {
      await project.kubectl('annotate', 'pvc', 'logs', `${PREFIX}/copy-to=no-such-claim`);
      const { code, stdout } = await night();
      assert.equal(code, 3);
      const { volumes, isComplete } = JSON.parse(stdout) as { volumes: VolumeOutcome[]; isComplete: boolean };
      assert.equal(isComplete, true);
      const results = new Map(volumes.map(({ claim, result, message }) => [claim, { result, message }]));
      assert.equal(results.get('data')?.result, 'complete');
      assert.equal(results.get('logs')?.result, 'declined');
      assert.match(results.get('logs')?.message ?? '', /no-such-claim/u);
      const { stdout: status } = await runCli(['status', '--dir', dir]);
      assert.match(status, /^Copies: +1 volume copied, 1 should have been/mu);
      assert.match(status, /night\/logs: declined: .*no-such-claim/u);
      assert.match(status, /^Last run: +incomplete/mu);
    });

    test('has changed nothing that a comparison shows but the wish itself', async () => {
      const { stdout } = await runCli(['diff', '--dir', dir, '--exit-zero']);
      assert.match(stdout, /copy-to/u);
      assert.doesNotMatch(stdout, /copy-state|copy-time|copy-run|copy-of|backuper/u);
    });

    if (process.env['COPY_CRASHES'] === 'all')
      test('that is killed while it copies is made good by the next one', async () => {
        await project.kubectl('annotate', 'pvc', 'logs', `${PREFIX}/copy-to-`);
        await writeFile(path.join(source, 'large'), randomBytes(LARGE_BYTES));
        await own(source, 'large', UID, UID);
        const environment = { KUBECONFIG: project.kubeconfig, OPENSHIFT_BACKUP_IMAGE: place().image };
        const args = ['run', '--dir', dir, '-n', 'night', '--bandwidth', '500K'];
        const { child, ended } = startCli(args, { environment });
        const mover = await until(async () =>
          (await project.movers()).find((name) => name.includes('backuper-copy-')),
        );
        child.kill('SIGKILL');
        await ended;
        const { code, stdout, stderr } = await night();
        assert.equal(code, 0, `${stdout}\n${stderr}`);
        const runs = await project.runs();
        assert.ok(runs.some(({ id }) => mover === `pod/backuper-copy-${id}`));
        assert.ok(runs.every(({ phase }) => phase === 'ended'));
        assert.deepEqual(await listingOf(target), await listingOf(source));
        assert.deepEqual(await project.movers(), []);
      });
  });
}

async function until<T>(find: () => Promise<T | undefined>): Promise<T> {
  const endMs = Date.now() + 120_000;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error('it does not come');
  }
}

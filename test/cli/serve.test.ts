import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runAt } from '../status/made-runs.ts';
import { parseMetrics } from '../status/metrics-parser.ts';
import { type CliOptions, runCli, type StartedCli, startCli } from '../support/run-cli.ts';
import { missing, runProgram } from '../support/run-program.ts';
import { leaveFree, mountProblem, mountTmpfs } from '../support/tmpfs.ts';

const MOUNT_PROBLEM = await mountProblem();
const HANG = path.join(import.meta.dirname, '..', 'support', 'hanging-volume.ts');
const IS_ROOT = process.getuid?.() === 0;

interface Served extends StartedCli {
  readonly port: number;
  readonly url: string;
}

describe('serve', () => {
  let folder: string;
  const started: StartedCli[] = [];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'serve-test-'));
  });
  afterEach(async () => {
    for (const { child, ended } of started.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
  });
  after(() => rm(folder, { recursive: true }));

  async function newDir(): Promise<string> {
    return await mkdtemp(path.join(folder, 'archives-'));
  }

  async function startServer(
    dir: string,
    args: readonly string[] = [],
    options: CliOptions = {},
  ): Promise<Served> {
    const cli = startCli(['serve', '--port', '0', '--dir', dir, '--name', 'prod', ...args], options);
    started.push(cli);
    const port = await new Promise<number>((resolve, reject) => {
      let log = '';
      cli.child.stderr.on('data', (chunk: Buffer) => {
        log += chunk.toString();
        const line = log.split('\n').find((one) => one.includes('"Listening"'));
        if (line !== undefined) resolve((JSON.parse(line) as { port: number }).port);
      });
      cli.child.on('close', () => reject(new Error(log)));
    });
    return { ...cli, port, url: `http://127.0.0.1:${port}` };
  }

  test('gives the metrics as they are at each scrape', async () => {
    const dir = await newDir();
    const { url } = await startServer(dir, ['--schedule', '15 0 * * *', '--time-zone', 'Etc/UTC']);
    const first = await fetch(`${url}/metrics`);
    assert.equal(first.status, 200);
    assert.equal(first.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const early = parseMetrics(await first.text());
    assert.deepEqual(early['openshift_backup_archives'], { prod: 0 });
    assert.equal(early['openshift_backup_last_run_exit_code'], undefined);
    assert.ok((early['openshift_backup_volume_free_bytes']?.['prod'] ?? 0) > 0);

    const runs = [
      runAt('2026-11-20T00:15:00Z'),
      runAt('2026-11-19T00:15:00Z', { backup: 'lab', ended: 'failed' }),
    ];
    await writeFile(path.join(dir, 'status.json'), JSON.stringify({ format: 1, runs }));
    await writeFile(path.join(dir, 'prod-20261120T001500Z.zip'), 'unopened');
    const late = parseMetrics(await (await fetch(`${url}/metrics?a=b`)).text());
    // The other backup on the volume has a server of its own.
    assert.deepEqual(late['openshift_backup_archives'], { prod: 1 });
    assert.deepEqual(late['openshift_backup_last_run_exit_code'], { prod: 0 });
    assert.deepEqual(late['openshift_backup_next_due_timestamp_seconds'], {
      prod: Date.parse('2026-11-21T00:15:00Z') / 1000,
    });
    const { version } = JSON.parse(
      await readFile(path.join(import.meta.dirname, '../../package.json'), 'utf8'),
    ) as {
      version: string;
    };
    assert.deepEqual(late['openshift_backup_info'], { [version]: 1 });
  });

  for (const [method, target, status, text] of [
    ['GET', '/livez', 200, 'ok\n'],
    ['HEAD', '/livez', 200, ''],
    ['GET', '/readyz', 200, 'ok\n'],
    ['HEAD', '/readyz', 200, ''],
    ['HEAD', '/metrics', 200, ''],
    ['GET', '/', 404, 'There are /metrics, /readyz and /livez\n'],
    ['GET', '/metrics/', 404, 'There are /metrics, /readyz and /livez\n'],
    ['GET', '/../etc/passwd', 404, 'There are /metrics, /readyz and /livez\n'],
    ['GET', '/__proto__', 404, 'There are /metrics, /readyz and /livez\n'],
    ['POST', '/metrics', 405, 'Only GET and HEAD are answered\n'],
    ['DELETE', '/livez', 405, 'Only GET and HEAD are answered\n'],
    ['OPTIONS', '/readyz', 405, 'Only GET and HEAD are answered\n'],
  ] as const) {
    test(`answers ${method} ${target} with ${status}`, async () => {
      const { url } = await startServer(await newDir());
      const response = await fetch(`${url}${target}`, { method });
      assert.deepEqual([response.status, await response.text()], [status, text]);
      assert.ok(response.headers.has('content-length'));
      assert.equal(response.headers.get('allow'), status === 405 ? 'GET, HEAD' : null);
    });
  }

  test('is ready while the folder can be written to, and says so when that changes', async () => {
    const dir = await newDir();
    const { url, child, ended } = await startServer(dir);
    const answers: [number, string][] = [];
    const ask = async (): Promise<void> => {
      const response = await fetch(`${url}/readyz`);
      answers.push([response.status, await response.text()]);
    };
    await ask();
    await ask();
    assert.deepEqual(await readdir(dir), []);
    await rename(dir, `${dir}-away`);
    await ask();
    await ask();
    const scrape = await fetch(`${url}/metrics`);
    assert.equal(scrape.status, 503, 'no numbers rather than wrong ones');
    const gone = `The folder of archives ${dir} does not exist: mount the volume there, or name another folder with --dir\n`;
    assert.equal(await scrape.text(), gone);
    await rename(`${dir}-away`, dir);
    await ask();
    assert.deepEqual(answers, [
      [200, 'ok\n'],
      [200, 'ok\n'],
      [503, gone],
      [503, gone],
      [200, 'ok\n'],
    ]);
    child.kill('SIGTERM');
    const messages = (await ended).stderr
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    assert.deepEqual(messages, [
      'Listening',
      'The volume is not ready',
      'The metrics are not whole',
      'The volume is not ready: no longer',
      'Stopped',
    ]);
  });

  test(
    'is not ready on a volume that is full, or read-only, and has metrics all the same',
    { skip: MOUNT_PROBLEM },
    async () => {
      const tmpfs = await mountTmpfs('size=1m');
      try {
        const { url, child, ended } = await startServer(tmpfs.dir);
        assert.equal((await fetch(`${url}/readyz`)).status, 200);
        await leaveFree(tmpfs.dir, 0);
        const full = await fetch(`${url}/readyz`);
        assert.equal(full.status, 503);
        assert.match(await full.text(), /^Cannot write to \S+ \(ENOSPC\): the volume is full: [^\n]+\n$/u);
        const metrics = parseMetrics(await (await fetch(`${url}/metrics`)).text());
        assert.deepEqual(metrics['openshift_backup_volume_free_bytes'], { prod: 0 });
        assert.deepEqual(metrics['openshift_backup_volume_size_bytes'], { prod: 2 ** 20 });
        await rm(path.join(tmpfs.dir, 'ballast'));
        await tmpfs.remount('ro');
        const readOnly = await fetch(`${url}/readyz`);
        assert.equal(readOnly.status, 503);
        assert.match(
          await readOnly.text(),
          /^Cannot write to \S+ \(EROFS\): the volume is mounted read-only/u,
        );
        assert.equal((await fetch(`${url}/metrics`)).status, 200);
        assert.deepEqual(await readdir(tmpfs.dir), []);
        child.kill('SIGTERM');
        await ended;
      } finally {
        await tmpfs.unmount();
      }
    },
  );

  test('says that it lives while the volume hangs', async () => {
    const dir = await newDir();
    const pipe = path.join(folder, 'pipe');
    await runProgram('mkfifo', [pipe]);
    const options = { environment: { HANGING_PIPE: pipe }, nodeOptions: [`--import=${HANG}`] };
    const { url } = await startServer(dir, [], options);
    // More than there are threads.
    const probes = Array.from({ length: 20 }, (_, index) =>
      fetch(`${url}/${index % 2 === 0 ? 'readyz' : 'metrics'}`),
    );
    const startedMs = performance.now();
    assert.equal((await fetch(`${url}/livez`)).status, 200);
    assert.ok(performance.now() - startedMs < 2000);
    for (const response of await Promise.all(probes)) {
      assert.equal(response.status, 503);
      assert.equal(await response.text(), `${dir} does not answer: check the volume\n`);
    }
    assert.equal((await fetch(`${url}/livez`)).status, 200);
  });

  test('lets nobody hold a connection who never ends a request', async () => {
    const { port, url } = await startServer(await newDir());
    const never = [
      'GET /livez HTTP/1.1\r\nHost: a\r\n',
      'POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n',
      '',
    ];
    const sockets = await Promise.all(never.map((text) => opened(port, text)));
    const ends = sockets.map(async (socket) => {
      socket.resume();
      await once(socket, 'close');
    });
    assert.equal((await fetch(`${url}/livez`)).status, 200);
    const limit = sleep(15_000, 'still open', { ref: false });
    assert.notEqual(await Promise.race([Promise.all(ends), limit]), 'still open');
  });

  test('refuses what is no HTTP, and headers without an end', async () => {
    const { port, url } = await startServer(await newDir());
    for (const [request, status] of [
      ['\u0016\u0003\u0001hello\r\n\r\n', 400],
      [`GET /livez HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ] as const) {
      const answer = await textOf(await opened(port, request));
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `, 'u'));
    }
    assert.equal((await fetch(`${url}/livez`)).status, 200);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`ends well and at once on ${signal}, whoever is connected`, async () => {
      const { port, url, child, ended } = await startServer(await newDir());
      await (await fetch(`${url}/livez`)).text();
      await Promise.all([opened(port, ''), opened(port, 'GET /livez HTTP/1.1\r\n')]);
      const startedMs = performance.now();
      child.kill(signal);
      const { code, stderr } = await ended;
      const durationMs = performance.now() - startedMs;
      assert.equal(code, 0, stderr);
      assert.ok(durationMs < 3000, `${durationMs} ms`);
      assert.match(stderr, /"Stopped"\}\n$/u);
      await assert.rejects(fetch(`${url}/livez`));
    });
  }

  test(
    'ends well as the first process of a container',
    { skip: missing('unshare') || (!IS_ROOT && 'this needs root') },
    async () => {
      const wrapper = ['unshare', '--pid', '--fork', '--kill-child'];
      const { child, ended } = await startServer(await newDir(), [], { wrapper });
      const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
      const pid = Number(children.trim());
      assert.match(await readFile(`/proc/${pid}/status`, 'utf8'), /^NSpid:\t\d+(?:\t\d+)*\t1$/mu);
      process.kill(pid, 'SIGTERM');
      const { code, stderr } = await ended;
      assert.equal(code, 0, stderr);
      assert.match(stderr, /"Stopped"/u);
    },
  );

  test('says which port is taken', async () => {
    const other = createServer();
    await once(other.listen(0), 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stdout, stderr } = await runCli(['serve', '--port', String(port), '--dir', await newDir()]);
    other.close();
    assert.deepEqual([code, stdout], [2, '']);
    assert.equal(
      stderr,
      `error: Cannot listen on port ${port} (EADDRINUSE): another program has it, choose another with --port\n`,
    );
  });

  test('begins without its volume, and is not thrown off by what Kubernetes calls its port', async () => {
    const cli = startCli(['serve', '--port', '0', '--dir', path.join(folder, 'missing')], {
      environment: { OPENSHIFT_BACKUP_PORT: 'tcp://172.30.0.7:8080' },
    });
    started.push(cli);
    assert.ok(await cli.said('"Listening"'));
    cli.child.kill('SIGTERM');
    assert.equal((await cli.ended).code, 0);
  });

  test(
    'takes little memory, and not more with every scrape',
    { skip: process.platform !== 'linux' },
    async (t) => {
      const dir = await newDir();
      await mkdir(dir, { recursive: true });
      const runs = Array.from({ length: 400 }, (_, index) =>
        runAt(new Date(Date.parse('2026-11-20T00:15:00Z') - index * 86_400_000).toISOString()),
      );
      await writeFile(path.join(dir, 'status.json'), JSON.stringify({ format: 1, runs }));
      const { url, child } = await startServer(dir);
      const scrape = async (count: number): Promise<number> => {
        for (let index = 0; index < count; index++) await (await fetch(`${url}/metrics`)).text();
        const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
        return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1]) / 1024;
      };
      const first = await scrape(20);
      const last = await scrape(200);
      t.diagnostic(`${Math.round(first)} MiB after 20 scrapes, ${Math.round(last)} MiB after 200 more`);
      assert.ok(last < 200, `${last} MiB`);
      assert.ok(last - first < 40, `${last - first} MiB more`);
    },
  );
});

async function opened(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  // The server may end it in the middle of what is sent.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

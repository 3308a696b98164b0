import assert from 'node:assert/strict';
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { connect, type Connection } from '../../../src/kubernetes/connect.ts';
import { execInPod, type ExecRequest, type ExecResult } from '../../../src/kubernetes/exec.ts';
import { followLogs } from '../../../src/kubernetes/pod-logs.ts';
import type { Rule } from '../../cluster/service-account.ts';
import { pod } from '../../cluster/node/restricted-objects.ts';
import { type NodeCluster, startNodeCluster } from '../../cluster/node/start-node-cluster.ts';
import { whyNoNode } from '../../cluster/node/why-no-node.ts';
import { type Relay, startRelay } from './cut-relay.ts';
import { optedInRules } from '../store/opted-in.ts';

const PROJECT = 'exec';
const KIBIBYTE = 1024;
const ENDLESS = ['/tiny', 'flood', '1000000000'];

describe('commands in pods, and their logs', { skip: (await whyNoNode()) ?? false }, () => {
  let cluster: NodeCluster;
  let folder: string;
  let relay: Relay;
  /** With the rights of an opted-in project. */
  let connection: Connection;
  const connections: Connection[] = [];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'exec-test-'));
    cluster = await startNodeCluster({ log: () => {} });
    relay = await startRelay(new URL(cluster.server));
    connection = await connectionFor('backup', await optedInRules());
    await kubectl('wait', '--for=create', 'serviceaccount/default', '--timeout=60s');
    await cluster.apply(['standing', 'going'].map((name) => pod(PROJECT, name, ['pause'])));
    await cluster.apply([pod(PROJECT, 'ended', ['say', 'hello'])]);
    await kubectl('wait', '--for=condition=Ready', 'pod/standing', 'pod/going', '--timeout=120s');
  });
  after(async () => {
    for (const one of connections) one.close();
    relay.server.close();
    relay.cut();
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  test('a command that succeeds: its outputs apart, and no shell between', async () => {
    const word = '$(exit 1); "é" > /x';
    assert.deepEqual(await exec('say', word, ''), { exitCode: 0, stdout: `${word} \n`, stderr: '' });
  });

  test('a command that fails: its code, whatever it says', async () => {
    assert.deepEqual(await exec('exit', '7', 'done:', '0'), { exitCode: 7, stdout: '', stderr: 'done: 0\n' });
    assert.equal((await exec('exit', '255')).exitCode, 255);
  });

  test('a command that is killed: 128 and the signal', async () => {
    assert.equal((await exec('die')).exitCode, 137);
  });

  test('a command that says too much: the beginning is kept, and its code', async () => {
    const { exitCode, stdout } = await exec('flood', '20000');
    const sizeBytes = Buffer.byteLength(stdout);
    assert.equal(exitCode, 0);
    assert.ok(sizeBytes > 8 * KIBIBYTE - 4 && sizeBytes <= 8 * KIBIBYTE, `${sizeBytes} bytes`);
    assert.doesNotMatch(stdout, /[^é\n]/u);
  });

  test('a command that takes too long: given up in time, and not called a success', async () => {
    const startedMs = performance.now();
    await assert.rejects(execWith({ command: ['/tiny', 'pause'], timeoutMs: 1500 }), {
      name: 'KnownError',
      kind: 'failed',
      message: '/tiny in container tiny of pod standing did not end within 1.5 s; it may still run',
    });
    assert.ok(performance.now() - startedMs < 4000);
  });

  test('a command that nobody waits for any more', async () => {
    const controller = new AbortController();
    const running = execWith({ command: ['/tiny', 'pause'], signal: controller.signal });
    controller.abort(new Error('enough'));
    await assert.rejects(running, { message: 'enough' });
  });

  const IMPOSSIBLE: Readonly<Record<string, readonly [change: Partial<ExecRequest>, reason: RegExp]>> = {
    'no such pod': [{ pod: 'none' }, /pods "none" not found$/u],
    'no such container': [{ container: 'none' }, /container none is not valid for pod standing$/u],
    'no such program': [{ command: ['/none'] }, /^\/none in .* did not run: .*(?:no such file|not found)/u],
    'a pod that has ended': [{ pod: 'ended' }, /(?:completed|container not found|cannot exec)/u],
  };
  for (const [what, [change, reason]] of Object.entries(IMPOSSIBLE)) {
    test(`a command that can't be run: ${what}`, async () => {
      if (change.pod === 'ended')
        await kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/ended', '--timeout=60s');
      await assert.rejects(execWith(change), { name: 'KnownError', kind: 'failed', message: reason });
    });
  }

  test('a command whose connection breaks is no success, nor one whose pod goes', async () => {
    const breaking = execWith({ command: ENDLESS });
    await relay.carried();
    relay.cut();
    await assert.rejects(breaking, {
      name: 'KnownError',
      message:
        /^Nobody knows how \/tiny in container tiny of pod standing ended, or whether it ran: the connection broke$/u,
    });
    const going = execWith({ pod: 'going', command: ENDLESS }).then(
      ({ exitCode }) => exitCode,
      (error: unknown) => (error instanceof Error ? error.name : 'no error'),
    );
    await relay.carried();
    await kubectl('delete', 'pod', 'going', '--grace-period=1');
    assert.ok([137, 143, 'KnownError'].includes(await going), String(await going));
  });

  test('a command takes the rights to get and create, and says which is missing', async () => {
    const creator = await connectionFor('creator', [
      { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] },
    ]);
    await assert.rejects(execInPod(creator, request({})), {
      message: /pods "standing" is forbidden: .*:creator" cannot get resource "pods\/exec"/u,
    });
  });

  test('a log is handed over line by line, from the start of its container to its end', async () => {
    await cluster.apply([pod(PROJECT, 'counting', ['count', '150'])]);
    assert.deepEqual(await logOf('counting'), numbers(150));
    assert.deepEqual(await logOf('ended'), ['hello']);
  });

  test('a log whose connection breaks goes on where it was, each line once', async () => {
    await cluster.apply([pod(PROJECT, 'broken', ['count', '200'])]);
    await kubectl('wait', '--for=condition=Ready', 'pod/broken', '--timeout=60s');
    const seen: string[] = [];
    await followed('broken', (line) => {
      seen.push(line);
      if (line === '20' || line === '90') relay.cut();
    });
    assert.deepEqual(seen, numbers(200));
  });

  test('a log ends with its signal, with its pod, and for those who may not read it', async () => {
    const controller = new AbortController();
    relay.cut();
    const connected = once(relay.server, 'connection');
    const reading = followed('standing', () => assert.fail('it says nothing'), controller.signal);
    await connected;
    controller.abort();
    await reading;
    assert.deepEqual(await logOf('none-at-all'), []);
    const nobody = await connectionFor('nobody', [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }]);
    const name = { namespace: PROJECT, name: 'ended', container: 'tiny' };
    await assert.rejects(
      followLogs(clientOf(nobody), name, () => {}, new AbortController().signal),
      {
        name: 'ApiError',
        status: 403,
      },
    );
  });

  function execWith(change: Partial<ExecRequest>): Promise<ExecResult> {
    return execInPod(connection, request(change));
  }

  function exec(...words: readonly string[]): Promise<ExecResult> {
    return execWith({ command: ['/tiny', ...words] });
  }

  async function followed(
    name: string,
    onLine: (line: string) => void,
    signal = new AbortController().signal,
  ): Promise<void> {
    await followLogs(clientOf(connection), { namespace: PROJECT, name, container: 'tiny' }, onLine, signal);
  }

  async function logOf(name: string): Promise<string[]> {
    const lines: string[] = [];
    await followed(name, (line) => lines.push(line));
    return lines;
  }

  /** Through the relay, as a ServiceAccount with these rights in the project. */
  async function connectionFor(name: string, rules: readonly Rule[]): Promise<Connection> {
    const login = await cluster.serviceAccount({
      namespace: PROJECT,
      name,
      namespaceRules: { [PROJECT]: rules },
    });
    const text = await readFile(login.kubeconfig, 'utf8');
    const file = path.join(folder, `${name}.kubeconfig`);
    await writeFile(file, text.replaceAll(cluster.server, relay.url), { mode: 0o600 });
    const made = await connect({ kubeconfig: file, context: '' });
    connections.push(made);
    return made;
  }

  async function kubectl(...args: string[]): Promise<string> {
    return await cluster.kubectl(['-n', PROJECT, ...args]);
  }
});

function request(change: Partial<ExecRequest>): ExecRequest {
  const usual = { namespace: PROJECT, pod: 'standing', container: 'tiny', command: ['/tiny', 'say'] };
  return { ...usual, timeoutMs: 60_000, ...change };
}

function clientOf(connection: Connection): ApiClient {
  return new ApiClient(connection, 'test', new AbortController().signal);
}

function numbers(last: number): string[] {
  return Array.from({ length: last }, (_, index) => String(index + 1));
}

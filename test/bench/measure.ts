import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, connect, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';

const SAMPLE_MS = 20;

/** What one process took, from its start to its end. */
export interface Measured {
  readonly wallSeconds: number;
  /** The most memory that it had at any time (VmHWM). */
  readonly peakMiB: number;
  readonly stdout: string;
}

/**
 * Runs a program and measures it as a whole process.
 *
 * @param codes with which it may end; 0 alone by default
 * @throws Error with the end of its standard error when it fails
 */
export async function measure(command: readonly string[], codes: readonly number[] = [0]): Promise<Measured> {
  const [program = '', ...args] = command;
  const startedMs = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let peakKiB = 0;
  const sampler = setInterval(() => (peakKiB = Math.max(peakKiB, peakOf(child.pid))), SAMPLE_MS);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk: Buffer) => (output[name] += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const wallSeconds = (performance.now() - startedMs) / 1000;
  clearInterval(sampler);
  if (code === null || !codes.includes(code)) throw new Error(`${program} ended with ${code}: ${output.stderr.slice(-500)}`);
  return { wallSeconds, peakMiB: peakKiB / 1024, stdout: output.stdout };
}

/** How a program of the bundle is started: by this Node, with the flags of its first line. */
export function commandOf(file: string): string[] {
  const [first = ''] = readFileSync(file, 'utf8').split('\n', 1);
  const flags = /^#!\S+ -S node (?<flags>.*)$/u.exec(first)?.groups?.['flags'];
  if (flags === undefined) throw new Error(`${file} does not begin with how Node is to start it`);
  return [process.execPath, ...flags.split(' '), file];
}

/** The middle one of the values; of an even number of them, the lower one of the two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}

/** Passes connections on to another port of this machine and counts them. */
export async function countingProxy(targetPort: number): Promise<{ port: number; connectionCount: () => number; close: () => void }> {
  let count = 0;
  const server: Server = createServer((client) => {
    count++;
    const upstream = connect(targetPort, '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) one.on('error', () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, connectionCount: () => count, close: () => server.close() };
}

function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    // The process has just ended.
    return 0;
  }
}

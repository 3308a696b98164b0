import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { Cluster } from '../cluster/cluster.ts';

const PAUSE_MS = 10;
const TARGET = '/api/v1/namespaces/kube-system';

/** Asks for one small object again and again, as somebody in the foreground does. */
export interface Foreground {
  /** Ends it. @returns how long each answer took, in ms */
  readonly stop: () => Promise<number[]>;
}

/** Starts it, over a connection of its own. */
export function startForeground(on: Cluster, token: string): Foreground {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(on.caFile) });
  const durationsMs: number[] = [];
  const end = new AbortController();
  const loop = (async () => {
    while (!end.signal.aborted) {
      durationsMs.push(await getMs(new URL(TARGET, on.server), agent, token));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  return {
    stop: async () => {
      end.abort();
      await loop;
      agent.destroy();
      return durationsMs;
    },
  };
}

/** The value that 99 of 100 don't exceed. */
export function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? Number.NaN;
}

async function getMs(url: URL, agent: Agent, token: string): Promise<number> {
  const startedMs = performance.now();
  await new Promise<void>((resolve, reject) => {
    request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.on('error', reject).on('end', resolve).resume();
    })
      .on('error', reject)
      .end();
  });
  return performance.now() - startedMs;
}

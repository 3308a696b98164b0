import { type BackupResult, runBackup } from '../../src/export/run-backup.ts';
import type { RunEvent } from '../../src/export/run-event.ts';
import { ApiClient } from '../../src/kubernetes/api-client.ts';
import { connect, type Connection } from '../../src/kubernetes/connect.ts';
import type { ClientSettings } from '../../src/kubernetes/retry.ts';

/** As patient as ever, but with hardly a pause. */
export const HASTY: Partial<ClientSettings> = { backoffFirstMs: 1, backoffMaxMs: 4, retryAfterMaxMs: 4 };

/** A run of the exporter in this process: hundreds of them take no longer than a few processes. */
export interface InProcessRun {
  readonly kubeconfig: string;
  readonly dir: string;
  /** Default: HASTY. */
  readonly settings?: Partial<ClientSettings>;
  readonly namespaces?: readonly string[];
  readonly onEvent?: (event: RunEvent) => void;
  readonly signal?: AbortSignal;
}

/** The same with a connection that is there already, and stays. */
export type ConnectedRun = Omit<InProcessRun, 'kubeconfig'>;

/** Backs up as `openshift-backup run` does, without its command line. @throws as `runBackup` */
export async function backUp(run: InProcessRun): Promise<BackupResult> {
  const connection = await connect({ kubeconfig: run.kubeconfig, context: '' });
  try {
    return await backUpOver(connection, run);
  } finally {
    connection.close();
  }
}

/** Backs up over a connection, which many runs can share. @throws as `runBackup` */
export async function backUpOver(connection: Connection, run: ConnectedRun): Promise<BackupResult> {
  const signal = run.signal ?? new AbortController().signal;
  return await runBackup({
    client: new ApiClient(connection, 'test', signal, run.settings ?? HASTY),
    dir: run.dir,
    mayCreateDir: true,
    backup: 'test',
    options: { namespaces: run.namespaces ?? [] },
    ownProject: connection.namespace,
    policy: { retainDays: 7, keepLastCount: 3 },
    tool: { name: 'openshift-backup', version: '0.0.0' },
    now: () => new Date(),
    report: run.onEvent ?? ((): void => undefined),
  });
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { KubernetesObject } from '../../cluster/objects.ts';
import { TINY_IMAGE } from '../../cluster/node/tiny-image.ts';
import { until } from '../../install/installation.ts';
import type { StartedCli } from '../../support/run-cli.ts';
import type { Project } from './project.ts';

/** Whom the application runs as, and who owns its volume. */
export const UID = 1000;
/** Where the application counts, on its volume. */
export const COUNT = '/data/count';

/** What makes the application's pods; a claim `files-db-0` is a StatefulSet's own. */
export type TallyKind = 'Deployment' | 'StatefulSet' | 'Pod';

/** An application that counts in a file on a claim, without end. */
export function tally(
  namespace: string,
  kind: TallyKind,
  claim: string,
  annotations: Readonly<Record<string, string>> = {},
): KubernetesObject {
  const name = nameOf(kind);
  const labels = { app: name };
  const isOwnClaim = kind === 'StatefulSet';
  const spec = {
    terminationGracePeriodSeconds: 5,
    securityContext: { runAsUser: UID, runAsGroup: UID, runAsNonRoot: true },
    containers: [
      {
        name: 'app',
        image: TINY_IMAGE,
        imagePullPolicy: 'Never',
        command: ['/tiny', 'tally', COUNT],
        volumeMounts: [{ name: 'files', mountPath: '/data' }],
      },
    ],
    ...(!isOwnClaim && { volumes: [{ name: 'files', persistentVolumeClaim: { claimName: claim } }] }),
  };
  if (kind === 'Pod') {
    return { apiVersion: 'v1', kind, metadata: { namespace, name, labels, annotations }, spec };
  }
  const template = { metadata: { labels, annotations }, spec };
  const claimSpec = {
    accessModes: ['ReadWriteOnce'],
    storageClassName: '',
    resources: { requests: { storage: '1Gi' } },
  };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { namespace, name },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template,
      ...(isOwnClaim && {
        serviceName: name,
        volumeClaimTemplates: [{ metadata: { name: 'files' }, spec: claimSpec }],
      }),
    },
  };
}

/** The name of the application. */
export function nameOf(kind: TallyKind): string {
  return { Deployment: 'web', StatefulSet: 'db', Pod: 'single' }[kind];
}

/** How far the application has counted on a volume. @param folder where this process sees the volume */
export async function countIn(folder: string): Promise<number> {
  // Between being emptied and written, the file holds nothing.
  return await until(`a number in ${folder}`, async () => {
    const text = await readFile(path.join(folder, 'count'), 'utf8').catch(() => '');
    return /^\d+\n$/u.test(text) ? Number(text) : undefined;
  });
}

/** What the hooks have noted on a volume. */
export async function hookLog(folder: string): Promise<string[]> {
  const text = await readFile(path.join(folder, 'count.log'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

/** Waits until the application counts on a volume. @returns how far it is */
export async function counts(folder: string): Promise<number> {
  const before = await countIn(folder);
  return await until(`counting in ${folder}`, async () => {
    const now = await countIn(folder);
    return now > before ? now : undefined;
  });
}

/** How many replicas the application is to have, and has ready. */
export async function replicasOf({ kubectl }: Project, kind: TallyKind): Promise<readonly [string, string]> {
  const query = 'jsonpath={.spec.replicas} {.status.readyReplicas}';
  const text = await kubectl('get', kind.toLowerCase(), nameOf(kind), '-o', query);
  const [wanted = '', ready = ''] = text.split(' ');
  return [wanted, ready];
}

/** Lets nobody wait for the lease of a process that was killed. */
export async function dropLocks({ kubectl }: Project): Promise<void> {
  await kubectl('delete', 'leases', '--all');
}

/** Waits until a process has said something on standard error. @throws when it ends without that */
export async function saying({ said, ended }: StartedCli, text: string): Promise<void> {
  if (!(await said(text))) throw new Error(`it has not said ${text}: ${(await ended).stderr}`);
}

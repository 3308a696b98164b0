import { hostname } from 'node:os';
import { ApiClient } from '../kubernetes/api-client.ts';
import type { Connection } from '../kubernetes/connect.ts';
import { ClusterObjects } from '../kubernetes/objects.ts';
import { KnownError } from '../model/known-error.ts';
import { type CopyContext, USUAL_TIMES } from '../volumes/run/copy-context.ts';
import type { ClusterObject } from '../volumes/copy.ts';
import { fieldsOf, textAt } from '../volumes/fields.ts';
import type { CommandInput } from './process-context.ts';
import { toolVersion } from './tool-version.ts';

/** So long clearing up may take after a signal, and then nothing is asked of the server any more. */
const CLEAR_UP_MS = 180_000;

/**
 * What copies need of this process. They end by themselves when it is to end, and have the server's ear for as long
 * as it takes to clear up.
 *
 * @throws KnownError `usage` when nobody says which image to use
 */
export async function copyContext(input: CommandInput, connection: Connection): Promise<CopyContext> {
  const { process, settings } = input;
  const client = enduringClient(input, connection);
  const objects = new ClusterObjects(client);
  return {
    client,
    connection,
    objects,
    holder: holder(),
    image: settings.image === '' ? await ownImage(input, objects, connection) : settings.image,
    signal: process.signal,
    lost: new AbortController().signal,
    now: () => new Date(),
    times: USUAL_TIMES,
    veleroHooks: settings.veleroHooks,
    keepsFailedPod: false,
    onChange: () => undefined,
    onNote: () => undefined,
    onProgress: () => undefined,
  };
}

/** A client that still asks for a while when the process is to end. */
export function enduringClient({ process }: CommandInput, connection: Connection): ApiClient {
  return new ApiClient(connection, `openshift-backup/${toolVersion()}`, lateSignal(process.signal));
}

/** For people: which process this is. */
export function holder(): string {
  return `${hostname()} (process ${process.pid})`;
}

/** Aborted when a process that is to end has had the time to clear up. */
export function lateSignal(signal: AbortSignal): AbortSignal {
  const late = new AbortController();
  const arm = (): void => void setTimeout(() => late.abort(signal.reason), CLEAR_UP_MS).unref();
  if (signal.aborted) arm();
  else signal.addEventListener('abort', arm, { once: true });
  return late.signal;
}

/** The image of the pod in which this runs. Its own name stands in HOSTNAME. */
async function ownImage(
  { process }: CommandInput,
  objects: ClusterObjects,
  { namespace }: Connection,
): Promise<string> {
  const { HOSTNAME: name = '', KUBERNETES_SERVICE_HOST: host } = process.environment;
  const pod =
    host === undefined || name === '' || namespace === ''
      ? undefined
      : await podNamed(objects, namespace, name);
  const containers = fieldsOf(pod?.spec)['containers'];
  const image = textAt((Array.isArray(containers) ? containers : [])[0], 'image');
  if (image !== '') return image;
  throw new KnownError(
    'usage',
    "Nobody says which image the pods that copy have: give this tool's own with --image or OPENSHIFT_BACKUP_IMAGE",
  );
}

/** Whoever may list pods may not always get one. Undefined where he may do neither. */
async function podNamed(
  objects: ClusterObjects,
  namespace: string,
  name: string,
): Promise<ClusterObject | undefined> {
  const ref = { apiVersion: 'v1', plural: 'pods', namespace };
  const listed = objects.list(ref, { fieldSelector: `metadata.name=${name}` });
  return (await listed.catch(() => []))[0] ?? (await objects.get({ ...ref, name }).catch(() => undefined));
}

import type { KubernetesObject } from '../objects.ts';
import { TINY_IMAGE } from './tiny-image.ts';

/** Whom the pods run as: a user that no image knows, as OpenShift gives them out to projects. */
export const UID = 1_000_650_000;

/** What may differ between pods. */
export interface PodVariant {
  /** Default: the tiny image. */
  readonly image?: string;
  /** Default `Never`. */
  readonly restartPolicy?: 'Always' | 'Never';
  /** A claim that is mounted at /kept. */
  readonly claim?: string;
}

/** A pod that the restricted profile of Pod Security lets in, with `/tiny` and these arguments. */
export function pod(
  namespace: string,
  name: string,
  args: readonly string[],
  variant: PodVariant = {},
): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, spec: podSpec(args, variant) };
}

/** A CronJob of such pods, due every minute. */
export function cronJob(namespace: string, name: string, args: readonly string[]): KubernetesObject {
  const jobTemplate = { spec: { template: { spec: podSpec(args, {}) } } };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { namespace, name },
    spec: { schedule: '* * * * *', concurrencyPolicy: 'Forbid', jobTemplate },
  };
}

/** A claim of the volume with the same name. */
export function claim(namespace: string, name: string, storage: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace, name },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName: '',
      volumeName: name,
      resources: { requests: { storage } },
    },
  };
}

function podSpec(args: readonly string[], variant: PodVariant): object {
  const { image = TINY_IMAGE, restartPolicy = 'Never', claim: claimName } = variant;
  const container = {
    name: 'tiny',
    image,
    imagePullPolicy: 'Never',
    command: ['/tiny', ...args],
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
  };
  const profile = { type: 'RuntimeDefault' };
  const securityContext = { runAsNonRoot: true, runAsUser: UID, runAsGroup: 0, seccompProfile: profile };
  const common = { restartPolicy, securityContext, terminationGracePeriodSeconds: 1 };
  if (claimName === undefined) return { ...common, containers: [container] };
  const mounted = { ...container, volumeMounts: [{ name: 'kept', mountPath: '/kept' }] };
  const volumes = [{ name: 'kept', persistentVolumeClaim: { claimName } }];
  return { ...common, containers: [mounted], volumes };
}

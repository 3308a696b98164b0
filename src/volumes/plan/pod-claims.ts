import type { ClusterObject } from '../copy.ts';

/** A container, as far as its mounts matter. */
export interface Container {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly volumeMounts?: readonly { readonly name: string }[];
  readonly volumeDevices?: readonly { readonly name: string }[];
}

interface PodSpec {
  readonly volumes?: readonly {
    readonly name: string;
    readonly ephemeral?: object;
    readonly persistentVolumeClaim?: { readonly claimName?: string };
  }[];
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

type ControllerRef = NonNullable<ClusterObject['metadata']['ownerReferences']>[number];

const NAME_LABEL = 'app.kubernetes.io/name';

/**
 * The names of a pod's (or a pod template's) volumes that are this claim. A claim that is made for a pod alone is
 * called by both names (https://github.com/kubernetes/component-helpers/blob/v0.34.4/storage/ephemeral/ephemeral.go).
 *
 * @param podName empty for a template, whose pods have no name yet
 */
export function volumesOf(spec: unknown, podName: string, claim: string): readonly string[] {
  const { volumes = [] } = (spec ?? {}) as PodSpec;
  return volumes
    .filter(
      ({ name, ephemeral, persistentVolumeClaim }) =>
        persistentVolumeClaim?.claimName === claim ||
        (ephemeral !== undefined && podName !== '' && `${podName}-${name}` === claim),
    )
    .map(({ name }) => name);
}

/** The pods that hold a claim, or will: neither ended nor without it. BackupEr pods count too. */
export function usersOf(pods: readonly ClusterObject[], claim: string): readonly ClusterObject[] {
  return pods.filter((pod) => !hasEnded(pod) && volumesOf(pod.spec, pod.metadata.name, claim).length > 0);
}

/** Whether nothing of a pod runs any more, nor ever will. */
export function hasEnded({ status }: ClusterObject): boolean {
  return status?.['phase'] === 'Succeeded' || status?.['phase'] === 'Failed';
}

/** Whether a pod is one of the tool's own. */
export function isBackuper({ metadata }: ClusterObject): boolean {
  return metadata.labels?.[NAME_LABEL] === 'backuper';
}

/** Who makes an object anew when it is gone; undefined for nobody. */
export function controllerOf({ metadata }: ClusterObject): ControllerRef | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** The containers of a pod in which a command can be run: those that stay. */
export function runningContainers(pod: ClusterObject): readonly Container[] {
  const { containers = [], initContainers = [] } = (pod.spec ?? {}) as PodSpec;
  return [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')];
}

/** The first container that mounts one of these volumes, as a file system or as a device. */
export function mountingContainer(pod: ClusterObject, volumes: readonly string[]): string | undefined {
  const mounts = ({ volumeMounts = [], volumeDevices = [] }: Container): boolean =>
    [...volumeMounts, ...volumeDevices].some(({ name }) => volumes.includes(name));
  return runningContainers(pod).find(mounts)?.name;
}

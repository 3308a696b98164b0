import type { ClusterObject } from '../copy.ts';
import { byText, type Fields, objectsAt, textAt, valueAt } from '../fields.ts';

/** A pod that holds a claim: neither ended, nor a BackupEr pod. */
export interface ClaimUser {
  readonly pod: string;
  /** Where it is, or is about to be; empty while it has no node. */
  readonly node: string;
  /** None of its containers may write to the claim. */
  readonly isReadOnly: boolean;
  readonly object: ClusterObject;
}

const CONTAINERS = ['initContainers', 'containers', 'ephemeralContainers'];

/** Who holds a claim, by name: the order of the pods makes no difference, and no form of an object makes it throw. */
export function claimUsers(claim: string, pods: readonly ClusterObject[]): ClaimUser[] {
  return pods
    .filter((pod) => !hasEnded(pod) && !isOwnPod(pod))
    .flatMap((pod) => {
      const volumes = volumesNamed(pod, claim);
      if (volumes.length === 0) return [];
      const isReader = volumes.every((volume) => isOnlyRead(pod, volume));
      const node = textAt(pod, 'spec', 'nodeName');
      return [{ pod: textAt(pod, 'metadata', 'name'), node, isReadOnly: isReader, object: pod }];
    })
    .toSorted((a, b) => byText(a.pod, b.pod) || byText(a.node, b.node));
}

/** The containers of a pod that mount a claim. */
export function mountingContainers(pod: ClusterObject, claim: string): readonly Fields[] {
  const names = new Set(volumesNamed(pod, claim).map((volume) => textAt(volume, 'name')));
  return containersOf(pod).filter((container) => mountsOf(container).some(({ name }) => names.has(name)));
}

function containersOf(pod: ClusterObject): readonly Fields[] {
  return CONTAINERS.flatMap((key) => objectsAt(pod, 'spec', key));
}

/** A pod that has ended holds nothing any more; one that is being deleted does until it has gone. */
function hasEnded(pod: ClusterObject): boolean {
  return ['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase'));
}

/** Anybody can give a pod the label; the name is reserved where the guard is. */
function isOwnPod(pod: ClusterObject): boolean {
  return (
    textAt(pod, 'metadata', 'name').startsWith('backuper-') &&
    textAt(pod, 'metadata', 'labels', 'app.kubernetes.io/name') === 'backuper'
  );
}

function volumesNamed(pod: ClusterObject, claim: string): readonly Fields[] {
  return objectsAt(pod, 'spec', 'volumes').filter((volume) => {
    const isMadeForPod = (valueAt(volume, 'ephemeral') ?? null) !== null;
    // https://github.com/kubernetes/kubernetes/blob/v1.34.4/staging/src/k8s.io/component-helpers/storage/ephemeral/ephemeral.go
    const name = isMadeForPod
      ? `${textAt(pod, 'metadata', 'name')}-${textAt(volume, 'name')}`
      : textAt(volume, 'persistentVolumeClaim', 'claimName');
    return name !== '' && name === claim;
  });
}

/** A volume without any mount counts as written to: whoever holds it without need may do anything. */
function isOnlyRead(pod: ClusterObject, volume: Fields): boolean {
  if (valueAt(volume, 'persistentVolumeClaim', 'readOnly') === true) return true;
  const mounts = containersOf(pod)
    .flatMap(mountsOf)
    .filter(({ name }) => name === textAt(volume, 'name'));
  return mounts.length > 0 && mounts.every(({ isReadOnly }) => isReadOnly);
}

function mountsOf(container: Fields): readonly { readonly name: string; readonly isReadOnly: boolean }[] {
  const mounts = objectsAt(container, 'volumeMounts').map((mount) => ({
    name: textAt(mount, 'name'),
    isReadOnly: valueAt(mount, 'readOnly') === true,
  }));
  // A device has no read-only form.
  const devices = objectsAt(container, 'volumeDevices').map((device) => ({
    name: textAt(device, 'name'),
    isReadOnly: false,
  }));
  return [...mounts, ...devices];
}

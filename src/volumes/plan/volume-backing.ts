import type { ClusterObject } from '../copy.ts';
import { textAt } from '../fields.ts';

/** Where the data of a volume really lies. */
interface Backing {
  /** What fails as one: a server, a driver, a node. */
  readonly place: string;
  /** The data in that place; a path may lie in another one. */
  readonly share: string;
  readonly isPath: boolean;
}

/** Plugins that give every claim the whole of what they have, whatever size it asks for. */
const SIZELESS_PROVISIONERS = [
  'rancher.io/local-path',
  'k8s.io/minikube-hostpath',
  'kubevirt.io/hostpath-provisioner',
  'kubevirt.io.hostpath-provisioner',
  'openebs.io/local',
  'nfs.csi.k8s.io',
  'efs.csi.aws.com',
];

/** Whether two volumes hold the same data, or one lies in the other: two of them may lead to one share. */
export function isSameData(a: ClusterObject | undefined, b: ClusterObject | undefined): boolean {
  const [one, other] = [backingOf(a), backingOf(b)];
  if (one === undefined || other === undefined || one.place !== other.place) return false;
  if (one.share === other.share) return true;
  return one.isPath && other.isPath && (isIn(one.share, other.share) || isIn(other.share, one.share));
}

/** What both volumes depend on, in words for a person; undefined when they have nothing in common that can be told. */
export function commonPlace(a: ClusterObject | undefined, b: ClusterObject | undefined): string | undefined {
  const [one, other] = [backingOf(a), backingOf(b)];
  return one !== undefined && one.place === other?.place ? one.place : undefined;
}

/** Whether a volume's size is only a number: a smaller one holds as much. */
export function isSizeless(
  volume: ClusterObject | undefined,
  storageClass: ClusterObject | undefined,
): boolean {
  const provisioners = [
    textAt(storageClass, 'provisioner'),
    textAt(volume, 'spec', 'csi', 'driver'),
    textAt(volume, 'metadata', 'annotations', 'pv.kubernetes.io/provisioned-by'),
  ];
  return (
    textAt(volume, 'spec', 'nfs', 'server') !== '' ||
    textAt(volume, 'spec', 'hostPath', 'path') !== '' ||
    provisioners.some((name) => SIZELESS_PROVISIONERS.includes(name))
  );
}

function backingOf(volume: ClusterObject | undefined): Backing | undefined {
  const driver = textAt(volume, 'spec', 'csi', 'driver');
  if (driver !== '')
    return {
      place: `the driver ${driver}`,
      share: textAt(volume, 'spec', 'csi', 'volumeHandle'),
      isPath: false,
    };
  const server = textAt(volume, 'spec', 'nfs', 'server');
  if (server !== '')
    return {
      place: `the NFS server ${server}`,
      share: textAt(volume, 'spec', 'nfs', 'path'),
      isPath: true,
    };
  return undefined;
}

function isIn(inner: string, outer: string): boolean {
  return inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}

import { KnownError } from '../../src/model/known-error.ts';
import type { Binaries } from './binaries.ts';
import type { ClusterFiles } from './cluster-files.ts';

/**
 * The controllers of a cluster whose nodes are objects without a machine: all but those that take a node whose
 * kubelet is silent for dead, and clear away what is on it.
 */
export const CONTROLLERS: readonly string[] = [
  '*',
  '-node-ipam-controller',
  '-node-lifecycle-controller',
  '-node-route-controller',
  '-persistentvolume-attach-detach-controller',
  '-pod-garbage-collector-controller',
  '-taint-eviction-controller',
];

/** The path of the object that says that the controllers run; it changes every second. */
export const LEADER_LEASE =
  '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager';

/**
 * How to start the controllers.
 *
 * @throws {KnownError} when the programs come from a folder that doesn't have them
 */
export function requireControllers({ kubeControllerManager }: Binaries): readonly string[] {
  if (kubeControllerManager) return kubeControllerManager;
  throw new KnownError(
    'usage',
    'KUBEBUILDER_ASSETS names a folder without kube-controller-manager, which this cluster needs: ' +
      'put it there, or unset KUBEBUILDER_ASSETS to have the programs built with Go',
  );
}

/** Why a test that needs controllers can't run, for its option `skip`; false when it can. */
export function withoutControllers(binaries: Binaries): string | false {
  return binaries.kubeControllerManager === undefined && 'KUBEBUILDER_ASSETS has no kube-controller-manager';
}

/** The flags of kube-controller-manager: as quick as it can be, so that a test sees within seconds what takes minutes. */
export function controllerFlags(files: ClusterFiles, controllers: readonly string[]): string[] {
  return [
    `--kubeconfig=${files.adminKubeconfig}`,
    // It would serve its metrics, which nobody reads here.
    '--secure-port=0',
    `--controllers=${controllers.join(',')}`,
    '--use-service-account-credentials=false',
    `--service-account-private-key-file=${files.tokenKey}`,
    `--root-ca-file=${files.ca}`,
    `--cluster-signing-cert-file=${files.ca}`,
    `--cluster-signing-key-file=${files.caKey}`,
    '--leader-elect=true',
    '--leader-elect-retry-period=1s',
    '--horizontal-pod-autoscaler-sync-period=1s',
    '--pvclaimbinder-sync-period=1s',
    '--resource-quota-sync-period=5s',
    '--namespace-sync-period=5s',
    '--concurrent-namespace-syncs=20',
    '--kube-api-qps=1000',
    '--kube-api-burst=2000',
  ];
}

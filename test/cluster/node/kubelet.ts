import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openAuthority } from '../certificates.ts';
import { AUTHORITY_NAME, kubeconfig } from '../cluster-files.ts';
import type { ClusterDescription } from '../control-plane.ts';
import { nodeFolder, NODE_ADDRESS } from './place.ts';

/** The node's name. */
export const NODE_NAME = 'node-1';

/**
 * Writes what the kubelet needs, and makes the control group below which all pods' groups will be; its name is that
 * of the cluster's folder.
 *
 * @returns the arguments of kubelet
 */
export async function prepareKubelet(description: ClusterDescription, socket: string): Promise<string[]> {
  const { folder } = description;
  const own = path.join(nodeFolder(folder), 'kubelet');
  await mkdir(own, { recursive: true });
  const files = { config: path.join(own, 'config.json'), kubeconfig: path.join(own, 'kubeconfig') };
  await writeFile(files.config, JSON.stringify(configuration(description, socket)));
  await writeFile(files.kubeconfig, await login(description), { mode: 0o600 });
  return [
    `--config=${files.config}`,
    `--kubeconfig=${files.kubeconfig}`,
    `--root-dir=${own}`,
    `--cert-dir=${path.join(own, 'pki')}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${NODE_ADDRESS}`,
  ];
}

async function login({ server, files }: ClusterDescription): Promise<string> {
  const [certificatePem = '', privateKeyPem = ''] = await Promise.all(
    [files.ca, files.caKey].map((file) => readFile(file, 'utf8')),
  );
  const authority = openAuthority(AUTHORITY_NAME, { certificatePem, privateKeyPem });
  const user = authority.issue({
    commonName: `system:node:${NODE_NAME}`,
    organizations: ['system:nodes'],
    usage: 'client',
  });
  return kubeconfig(server, certificatePem, user);
}

/** https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
function configuration({ folder, files }: ClusterDescription, socket: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: files.ca },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${socket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${path.basename(folder)}`,
    cgroupsPerQOS: true,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    // The disk is the developer's: how full it is must not decide what runs here.
    evictionHard: {},
    imageGCHighThresholdPercent: 100,
    makeIPTablesUtilChains: false,
    resolvConf: '',
    // As quick as it can be, so that a test sees within seconds what takes minutes.
    nodeStatusUpdateFrequency: '1s',
    nodeStatusReportFrequency: '10s',
    syncFrequency: '5s',
    volumeStatsAggPeriod: '2s',
  };
}

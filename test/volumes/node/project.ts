import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import type { NodeCluster } from '../../cluster/node/start-node-cluster.ts';
import type { VolumeRequest } from '../../cluster/node/volumes.ts';
import type { Rule } from '../../cluster/service-account.ts';
import { type CliOptions, type CliResult, runCli, type StartedCli, startCli } from '../../support/run-cli.ts';
import type { RunRecord } from '../../../src/volumes/run-record.ts';

const ROLES = path.join(import.meta.dirname, '../../../openshift/volumes/kubernetes');
/** What the backup may read in the whole cluster, as far as copies of volumes use it. */
const READS: readonly Rule[] = [
  {
    apiGroups: [''],
    resources: ['namespaces', 'nodes', 'persistentvolumes', 'persistentvolumeclaims', 'pods'],
    verbs: ['get', 'list'],
  },
  { apiGroups: ['storage.k8s.io'], resources: ['*'], verbs: ['get', 'list'] },
];

/** A project whose volumes may be copied, by an account with the rights that `make volumes-allow` gives. */
export interface Project {
  readonly name: string;
  /** Makes a claim that is bound to a volume on the node. @returns where this process sees its content */
  readonly claim: (name: string, request?: ClaimRequest) => Promise<string>;
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** Runs `openshift-backup volumes COMMAND -n PROJECT …`. */
  readonly volumes: (args: readonly string[], options?: CliOptions) => Promise<CliResult>;
  readonly startVolumes: (args: readonly string[], options?: CliOptions) => StartedCli;
  /** The runs that `volumes status` knows, the newest first. */
  readonly runs: () => Promise<RunRecord[]>;
  /** What a claim says of the copy in it. */
  readonly copyState: (claim: string) => Promise<string | undefined>;
  /** The names of the BackupEr pods that there are. */
  readonly movers: () => Promise<string[]>;
  readonly kubeconfig: string;
}

/** What a claim is to be like; its volume belongs to root and is open to all where nothing else is said. */
export interface ClaimRequest extends Omit<VolumeRequest, 'name' | 'claim' | 'storageClassName'> {
  readonly annotations?: Readonly<Record<string, string>>;
}

/** How a project is made. */
export interface ProjectOptions {
  /** Of Pod Security; default `baseline`. */
  readonly level?: 'restricted' | 'baseline' | 'privileged';
  /** Whether its volumes may be copied; default true. */
  readonly isOptedIn?: boolean;
}

/** Makes a project on a cluster with a node. @param image of the pods that copy */
export async function makeProject(
  cluster: NodeCluster,
  name: string,
  image: string,
  { level = 'baseline', isOptedIn = true }: ProjectOptions = {},
): Promise<Project> {
  await cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': level } },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: name, name: 'backuper' } },
  ]);
  const rules = isOptedIn
    ? [...(await rulesOf('volumes-role.yml')), ...(await rulesOf('quiesce-role.yml'))]
    : [];
  const { kubeconfig } = await cluster.serviceAccount({
    namespace: 'cluster-backup',
    name: `backup-${name}`,
    clusterRules: READS,
    ...(isOptedIn && { namespaceRules: { [name]: rules } }),
  });
  const kubectl: Project['kubectl'] = (...args) => cluster.kubectl(['-n', name, ...args]);
  const withOptions = (options: CliOptions = {}): CliOptions => ({
    ...options,
    environment: { KUBECONFIG: kubeconfig, OPENSHIFT_BACKUP_IMAGE: image, ...options.environment },
  });
  const commandOf = ([command = '', ...args]: readonly string[]): string[] => [
    'volumes',
    command,
    '-n',
    name,
    ...args,
  ];
  return {
    name,
    kubeconfig,
    kubectl,
    claim: (claim, request = {}) => makeClaim(cluster, name, claim, request),
    volumes: (args, options) => runCli(commandOf(args), withOptions(options)),
    startVolumes: (args, options) => startCli(commandOf(args), withOptions(options)),
    runs: async () => {
      const { stdout, stderr, code } = await runCli(commandOf(['status', '-o', 'json']), withOptions());
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as RunRecord[];
    },
    copyState: async (claim) => {
      const { metadata } = JSON.parse(await kubectl('get', 'pvc', claim, '-o', 'json')) as {
        metadata: { annotations?: Record<string, string> };
      };
      return metadata.annotations?.['openshift-backup.io/copy-state'];
    },
    movers: async () => {
      const names = await kubectl('get', 'pods', '-l', 'app.kubernetes.io/name=backuper', '-o', 'name');
      return names.split('\n').filter((line) => line !== '');
    },
  };
}

async function makeClaim(
  cluster: NodeCluster,
  namespace: string,
  name: string,
  { annotations = {}, accessModes = ['ReadWriteOnce'], ...request }: ClaimRequest,
): Promise<string> {
  const volume = `${namespace}-${name}`;
  const { folder } = await cluster.makeVolume({
    ...request,
    accessModes,
    name: volume,
    claim: { namespace, name },
  });
  await cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace, name, annotations },
      spec: {
        accessModes,
        storageClassName: '',
        volumeName: volume,
        resources: { requests: { storage: request.capacity ?? '1Gi' } },
      },
    },
  ]);
  await cluster.kubectl([
    '-n',
    namespace,
    'wait',
    '--for=jsonpath={.status.phase}=Bound',
    `pvc/${name}`,
    '--timeout=60s',
  ]);
  return folder;
}

async function rulesOf(file: string): Promise<readonly Rule[]> {
  const { rules } = parse(await readFile(path.join(ROLES, file), 'utf8')) as { rules: readonly Rule[] };
  return rules;
}

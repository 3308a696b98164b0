import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import type { ClusterFiles } from './cluster-files.ts';
import type { ProcessGroup } from './processes.ts';

/** Where a control plane runs, and how others reach it. */
export interface Place {
  /** What comes in front of a command so that it runs there; nothing for this machine itself. */
  readonly enter: readonly string[];
  /** URL of the API server from outside. */
  readonly server: string;
  /** URL of etcd from inside. */
  readonly etcdServer: string;
  /** The addresses (IPv4) by which the API server is known. */
  readonly addresses: readonly string[];
  /** Where the API server listens, and what it takes into account there. */
  readonly apiServerFlags: (files: ClusterFiles) => readonly string[];
  readonly pids: PlacePids;
}

/** The processes that make a place what it is; none for this machine itself. */
export interface PlacePids {
  /** Holds the node's namespaces: with it, everything in them ends. */
  readonly node?: number;
  /** Leads from this machine's loopback to the API server. */
  readonly relay?: number;
}

/** Makes a place for the cluster whose folder this is. */
export type MakePlace = (folder: string, processes: ProcessGroup) => Promise<Place>;

/** This machine's own loopback, with free ports. */
export async function onLoopback(): Promise<Place> {
  const [etcdPort = 0, apiPort = 0] = await freePorts(2);
  return {
    enter: [],
    server: `https://127.0.0.1:${apiPort}`,
    etcdServer: `http://127.0.0.1:${etcdPort}`,
    addresses: ['127.0.0.1', '10.96.0.1'],
    apiServerFlags: () => [
      '--bind-address=127.0.0.1',
      `--secure-port=${apiPort}`,
      // Without this and the endpoint reconciler's `none` it looks for a default route, and refuses loopback
      // as the address of its Service.
      '--advertise-address=127.0.0.1',
      // It refuses Pods whose ServiceAccount is missing, and no controller makes the one named default.
      '--disable-admission-plugins=ServiceAccount',
    ],
    pids: {},
  };
}

/** The flags of etcd, wherever it runs. */
export function etcdFlags(folder: string, etcdServer: string): string[] {
  return [
    `--data-dir=${path.join(folder, 'etcd')}`,
    `--listen-client-urls=${etcdServer}`,
    `--advertise-client-urls=${etcdServer}`,
    '--listen-peer-urls=http://127.0.0.1:0',
    '--unsafe-no-fsync',
    `--quota-backend-bytes=${8 * 1024 ** 3}`,
    '--log-level=warn',
  ];
}

/** The flags of kube-apiserver, wherever it runs. */
export function apiServerFlags(etcdServer: string, files: ClusterFiles): string[] {
  return [
    `--etcd-servers=${etcdServer}`,
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${files.serverCertificate}`,
    `--tls-private-key-file=${files.serverKey}`,
    `--client-ca-file=${files.ca}`,
    `--service-account-key-file=${files.tokenPublicKey}`,
    `--service-account-signing-key-file=${files.tokenKey}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    '--service-cluster-ip-range=10.96.0.0/12',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
  ];
}

/** Ports of 127.0.0.1 that nobody listens on, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

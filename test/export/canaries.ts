import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { KubernetesObject } from '../cluster/objects.ts';

/** The project in which those of projects lie. */
export const CANARY_PROJECT = 'canaries';

/** A secret value that nothing else is, and where it lies. */
export interface Canary {
  readonly place: string;
  readonly value: string;
}

/** Objects with a different secret value in each place where one can lie, in Secrets and outside of them. */
export function canaryObjects(): {
  readonly canaries: readonly Canary[];
  readonly objects: KubernetesObject[];
} {
  const canaries: Canary[] = [];
  const canary = (place: string): string => {
    const value = `Canary-${randomBytes(12).toString('hex')}`;
    canaries.push({ place, value });
    return value;
  };
  const objects = [...secrets(canary), ...others(canary)];
  return { canaries, objects };
}

type MakeCanary = (place: string) => string;

function secrets(canary: MakeCanary): KubernetesObject[] {
  const applied = canary('stringData in the last-applied annotation');
  const release = gzipSync(
    JSON.stringify({ config: { password: canary('a Helm release, gzipped') } }),
  ).toString('base64');
  const auth = canary('the auth of a dockerconfigjson');
  return [
    secret('plain', {
      type: 'Opaque',
      data: {
        password: base64(canary('data of a Secret')),
        'key.pem': base64(`${canary('a PEM in data')}\n`),
      },
    }),
    secret(
      'applied',
      { stringData: { password: canary('stringData') } },
      {
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
          stringData: { password: applied },
        }),
      },
    ),
    secret('annotated', {}, { 'example.com/password': canary('an annotation of a Secret') }),
    secret(
      'token',
      { type: 'Opaque' },
      { 'openshift.io/token-secret.value': canary('a token in an annotation') },
    ),
    secret('registry', {
      type: 'kubernetes.io/dockerconfigjson',
      data: {
        '.dockerconfigjson': base64(
          JSON.stringify({ auths: { 'registry.example.com': { username: 'bob', password: auth } } }),
        ),
      },
    }),
    secret('tls', {
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64('certificate'), 'tls.key': base64(canary('the key of a TLS Secret')) },
    }),
    secret('sh.helm.release.v1.shop.v1', { type: 'helm.sh/release.v1', data: { release: base64(release) } }),
    secret('basic', {
      type: 'kubernetes.io/basic-auth',
      data: { username: base64('bob'), password: base64(canary('basic authentication')) },
    }),
  ];
}

function others(canary: MakeCanary): KubernetesObject[] {
  const url = (place: string): string => `http://bob:${canary(place)}@proxy.example.com:3128`;
  return [
    {
      apiVersion: 'route.openshift.io/v1',
      kind: 'Route',
      metadata: { name: 'shop', namespace: CANARY_PROJECT },
      spec: {
        host: 'shop.example.com',
        to: { kind: 'Service', name: 'shop', weight: 100 },
        tls: { termination: 'edge', certificate: 'public', key: canary('the TLS key of a Route') },
      },
    },
    {
      apiVersion: 'oauth.openshift.io/v1',
      kind: 'OAuthClient',
      metadata: { name: 'canaries' },
      secret: canary('the secret of an OAuthClient'),
      additionalSecrets: [canary('a further secret of an OAuthClient')],
      grantMethod: 'auto',
    },
    {
      apiVersion: 'build.openshift.io/v1',
      kind: 'BuildConfig',
      metadata: { name: 'shop', namespace: CANARY_PROJECT },
      spec: {
        triggers: [
          { type: 'GitHub', github: { secret: canary('a GitHub webhook') } },
          { type: 'Generic', generic: { secret: canary('a generic webhook') } },
          { type: 'GitLab', gitlab: { secret: canary('a GitLab webhook') } },
          { type: 'Bitbucket', bitbucket: { secret: canary('a Bitbucket webhook') } },
        ],
      },
    },
    {
      apiVersion: 'config.openshift.io/v1',
      kind: 'Proxy',
      metadata: { name: 'cluster' },
      spec: { httpProxy: url('the HTTP proxy'), httpsProxy: url('the HTTPS proxy'), noProxy: '.example.com' },
    },
    {
      apiVersion: 'machineconfiguration.openshift.io/v1',
      kind: 'MachineConfig',
      metadata: { name: '99-worker-canaries' },
      spec: {
        config: {
          ignition: { version: '3.4.0' },
          storage: {
            files: [
              { path: '/etc/token', contents: { source: `data:,${canary('a file of a MachineConfig')}` } },
            ],
          },
        },
      },
    },
  ];
}

function secret(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  annotations: Readonly<Record<string, string>> = {},
): KubernetesObject {
  const metadata = { name, namespace: CANARY_PROJECT, annotations };
  return { apiVersion: 'v1', kind: 'Secret', metadata, ...fields };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The forms in which a value would still be readable: plain, in hex, and in base64 wherever it begins in a longer text. */
export function readableForms(value: string): string[] {
  const hex = Buffer.from(value).toString('hex');
  const shifted = [0, 1, 2].map((before) => {
    const text = Buffer.from(`${' '.repeat(before)}${value}`).toString('base64');
    // Without the characters that depend on what stands before and behind it.
    return text.slice(before === 0 ? 0 : before + 1, -4);
  });
  return [value, hex, hex.toUpperCase(), ...shifted];
}

import type { KubernetesObject } from '../cluster/cluster.ts';

/** Something that happens on a cluster between two nights, and what of it is to be read in the morning. */
export interface RealChange {
  readonly what: string;
  /** What is there in the first night; none for what is made between the two. */
  readonly before?: KubernetesObject;
  /** What is there in the second night; none for what is deleted between the two. */
  readonly after?: KubernetesObject;
  /** What is there in both nights. */
  readonly beside?: readonly KubernetesObject[];
  /** By object, `deployments.apps web`, each change as `path: "before" → "after"`, `path: + after` or `path: - before`. */
  readonly expected: readonly string[];
}

export const PROJECT = 'shop';

/** A change of one object from one content to another one. */
export function changed(
  what: string,
  before: KubernetesObject,
  after: (object: KubernetesObject) => KubernetesObject,
  expected: readonly string[],
): RealChange {
  return { what, before, after: after(structuredClone(before)), expected };
}

/** An object in the project. */
export function object(
  apiVersion: string,
  kind: string,
  name: string,
  content: Readonly<Record<string, unknown>>,
): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace: PROJECT }, ...content };
}

/** An object that lies in no project. */
export function clusterObject(
  apiVersion: string,
  kind: string,
  name: string,
  content: Readonly<Record<string, unknown>>,
): KubernetesObject {
  return { apiVersion, kind, metadata: { name }, ...content };
}

/** The container of `deployment`. */
export interface Container {
  readonly [field: string]: unknown;
}

/** A Deployment with one container `web`, and the fields of its pods' spec. */
export function deployment(
  name: string,
  container: Container = {},
  pods: Readonly<Record<string, unknown>> = {},
  spec: Readonly<Record<string, unknown>> = {},
): KubernetesObject {
  const web = { name: 'web', image: 'registry.example.com/web:1', ...container };
  return object('apps/v1', 'Deployment', name, {
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      ...spec,
      template: { metadata: { labels: { app: name } }, spec: { containers: [web], ...pods } },
    },
  });
}

/** A Deployment whose container, pods or spec become others. */
export function deploymentChange(
  what: string,
  name: string,
  [before, after]: readonly [Parts, Parts],
  expected: readonly string[],
): RealChange {
  const make = ({ container, pods, spec }: Parts): KubernetesObject =>
    deployment(name, container, pods, spec);
  return { what, before: make(before), after: make(after), expected };
}

interface Parts {
  readonly container?: Container;
  readonly pods?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** The parts of one change as lines: `expectedLines('deployments.apps web', 'spec.replicas: 2 → 3')`. */
export function of(title: string, ...fields: readonly string[]): string[] {
  return fields.map((field) => `${title} ${field}`);
}

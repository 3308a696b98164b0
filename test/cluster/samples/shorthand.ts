import type { KubernetesObject, ObjectMetadata } from '../objects.ts';

/** Makes an object of one namespace: apiVersion, kind, name (or metadata without namespace), and all other fields. */
export type Maker = (
  apiVersion: string,
  kind: string,
  name: string | ObjectMetadata,
  fields?: Readonly<Record<string, unknown>>,
) => KubernetesObject;

/** A maker of objects of one namespace, or of cluster-scoped objects. */
export function maker(namespace?: string): Maker {
  return (apiVersion, kind, name, fields = {}) => ({
    apiVersion,
    kind,
    metadata: {
      ...(typeof name === 'string' ? { name } : name),
      ...(namespace === undefined ? {} : { namespace }),
    },
    ...fields,
  });
}

/** The part of a container that differs between the sample workloads. */
export interface ContainerSketch {
  readonly name: string;
  readonly image: string;
  readonly port?: number;
  readonly env?: readonly object[];
  readonly mounts?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A pod template with the usual labels, limits and security settings. `mounts` maps a path to a volume's name. */
export function podTemplate(
  labels: Readonly<Record<string, string>>,
  containers: readonly ContainerSketch[],
  spec: Readonly<Record<string, unknown>> = {},
): object {
  return {
    metadata: { labels },
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: containers.map((sketch) => container(sketch)),
      ...spec,
    },
  };
}

/** A Service of ports named http, for pods with the label `app`. */
export function service(make: Maker, app: string, port: number, spec: object = {}): KubernetesObject {
  return make('v1', 'Service', named(app), {
    spec: {
      selector: { app },
      ports: [{ name: 'http', port, targetPort: port, protocol: 'TCP' }],
      ...spec,
    },
  });
}

/** Metadata with the labels that go with an application. */
export function named(name: string, annotations?: Readonly<Record<string, string>>): ObjectMetadata {
  const labels = { app: name, 'app.kubernetes.io/name': name };
  return annotations ? { name, labels, annotations } : { name, labels };
}

/** Text as a Secret carries it. */
export function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function container(sketch: ContainerSketch): object {
  const { port, mounts, ...rest } = sketch;
  return {
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    ...(port !== undefined && {
      ports: [{ name: 'http', containerPort: port }],
      readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 5 },
    }),
    ...(mounts && {
      volumeMounts: Object.entries(mounts).map(([mountPath, name]) => ({ name, mountPath })),
    }),
    ...rest,
  };
}

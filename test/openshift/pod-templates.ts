import type { KubernetesObject } from '../cluster/objects.ts';

/** What the tests look at in the pods of an installation. */
export interface PodSpec {
  readonly serviceAccountName: string;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly affinity?: {
    readonly podAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution: readonly {
        readonly labelSelector: { readonly matchLabels: Readonly<Record<string, string>> };
      }[];
    };
  };
  readonly volumes: readonly { readonly persistentVolumeClaim: { readonly claimName: string } }[];
  readonly containers: readonly {
    readonly image: string;
    readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly resources: Readonly<Record<'requests' | 'limits', Readonly<Record<'cpu' | 'memory', string>>>>;
  }[];
}

/** A pod that an object would make. */
export interface PodTemplate {
  /** Of what makes it. */
  readonly kind: 'CronJob' | 'Deployment';
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

/** The pods of the CronJob and of the Deployment among the objects, in this order. */
export function podTemplates(objects: readonly KubernetesObject[]): PodTemplate[] {
  return (['CronJob', 'Deployment'] as const).flatMap((kind) =>
    objects
      .filter((object) => object.kind === kind)
      .map((object) => {
        const { spec } = object as unknown as Workload;
        const { template } = spec.jobTemplate?.spec ?? spec;
        return { kind, name: object.metadata.name, labels: template.metadata.labels, spec: template.spec };
      }),
  );
}

interface Templated {
  readonly template: {
    readonly metadata: { readonly labels: PodTemplate['labels'] };
    readonly spec: PodSpec;
  };
}

interface Workload {
  readonly spec: Templated & { readonly jobTemplate?: { readonly spec: Templated } };
}

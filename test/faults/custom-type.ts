import type { KubernetesObject } from '../cluster/objects.ts';

/** A type of custom resources that keeps every field. */
export interface CustomType {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  /** All are served; the last one is stored. */
  readonly versions: readonly string[];
  /** Address of a webhook that converts between the versions; without one only their name changes. */
  readonly webhookUrl?: string;
}

/** The definition of a namespaced custom type. */
export function definitionOf({ group, plural, kind, versions, webhookUrl }: CustomType): KubernetesObject {
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const webhook = { clientConfig: { url: webhookUrl }, conversionReviewVersions: ['v1'] };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      scope: 'Namespaced',
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: name === versions.at(-1),
        schema: { openAPIV3Schema },
      })),
      ...(webhookUrl === undefined ? {} : { conversion: { strategy: 'Webhook', webhook } }),
    },
  };
}

import { SOURCE } from '../prune/sources.ts';
import type { Value } from './drift.ts';
import type { IgnoreCondition, IgnoreRule } from './ignore-rule.ts';
import { isTriggeredByAnnotation, isTriggeredByConfig } from './image-triggers.ts';
import { type PathPattern, patternOf } from './path-pattern.ts';
import { SCALING_SOURCE } from './scale-target.ts';
import { scalarText, valueAt } from './value.ts';

const ADMISSION = 'admissionregistration.k8s.io';
const OPENSHIFT_APPS = 'apps.openshift.io';
const IMAGE_TRIGGERS = `${SOURCE.libraryGo}/pkg/image/trigger/annotations.go#L110`;
const CONFIG_STRATEGY = `${SOURCE.openshiftApiserver}/pkg/apps/apiserver/registry/deployconfig/strategy.go#L62`;
const BINDING = `${SOURCE.kubernetes}/staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go#L39`;
const SERVICE_CA = `${SOURCE.serviceCa}/pkg/controller/api/api.go#L27`;
const POD_SPECS = ['spec.template.spec', 'spec.jobTemplate.spec.template.spec'];

/**
 * What an object that was not annotated before, and is now, loses in the archive only: prune rules take the
 * field out because somebody else fills it in. The other way round the field is shown: it is back, and
 * whatever stands in it was not there before.
 */
const ASKS_FOR_CA = nowHas('it asks for the certificate authority to be filled in', (after) =>
  [
    annotation(after, 'service.beta.openshift.io/inject-cabundle') === 'true',
    annotation(after, 'service.alpha.openshift.io/inject-cabundle') === 'true',
    ...['inject-ca-from', 'inject-ca-from-secret', 'inject-apiserver-ca'].map(
      (name) => annotation(after, `cert-manager.io/${name}`) !== undefined,
    ),
    label(after, 'olm.managed') === 'true',
  ].includes(true),
);

/** Changes that nobody made, and that no prune rule can know from one object alone. */
export const DEFAULT_IGNORES: readonly IgnoreRule[] = [
  {
    id: 'scaled-replicas',
    group: '*',
    kind: '*',
    paths: patterns('spec.replicas'),
    when: {
      text: 'a HorizontalPodAutoscaler, a ScaledObject or a MachineAutoscaler targets it, in either archive',
      holds: ({ identity: { project, kind, name }, context }) => context.hasScaler(project, kind, name),
    },
    reason: 'changed by an autoscaler, with the load',
    source: SCALING_SOURCE,
  },
  {
    id: 'triggered-config-image',
    group: OPENSHIFT_APPS,
    kind: 'DeploymentConfig',
    paths: imagesIn(['spec.template.spec']),
    when: {
      text: 'an automatic image change trigger names the container, in the later archive',
      holds: isTriggeredByConfig,
    },
    reason: 'filled in by a trigger, whenever the tag of the ImageStream leads to another image',
    source: CONFIG_STRATEGY,
  },
  {
    id: 'last-triggered-image',
    group: OPENSHIFT_APPS,
    kind: 'DeploymentConfig',
    paths: patterns('spec.triggers[*].imageChangeParams.lastTriggeredImage'),
    reason: 'the image that the trigger saw last',
    source: CONFIG_STRATEGY,
  },
  {
    id: 'triggered-image',
    group: '*',
    kind: '*',
    paths: imagesIn(POD_SPECS),
    when: {
      text: 'the annotation image.openshift.io/triggers names the field and is not paused, in the later archive',
      holds: isTriggeredByAnnotation,
    },
    reason: 'filled in by a trigger, whenever the tag of the ImageStream leads to another image',
    source: IMAGE_TRIGGERS,
  },
  {
    id: 'rendered-pool-configuration',
    group: 'machineconfiguration.openshift.io',
    kind: 'MachineConfigPool',
    paths: patterns('spec.configuration'),
    reason: 'names what was rendered from MachineConfigs, which are compared themselves',
    source: `${SOURCE.openshiftApi}/machineconfiguration/v1/types.go#L443`,
  },
  {
    id: 'claim-binding',
    group: '',
    kind: 'PersistentVolumeClaim',
    paths: patterns(
      'metadata.annotations["pv.kubernetes.io/bind-completed"]',
      'metadata.annotations["pv.kubernetes.io/bound-by-controller"]',
      'metadata.annotations["volume.kubernetes.io/selected-node"]',
    ),
    reason: 'says how the claim found its volume, which volumeName names',
    source: BINDING,
  },
  {
    id: 'volume-binding',
    group: '',
    kind: 'PersistentVolume',
    paths: patterns(
      'metadata.annotations["pv.kubernetes.io/bound-by-controller"]',
      'spec.claimRef.resourceVersion',
    ),
    reason: 'says how the volume found its claim, which the rest of claimRef names',
    source: BINDING,
  },
  injected('injected-webhook-ca', [ADMISSION, '*WebhookConfiguration'], 'webhooks[*].clientConfig.caBundle'),
  injected('injected-apiservice-ca', ['apiregistration.k8s.io', 'APIService'], 'spec.caBundle'),
  injected(
    'injected-crd-ca',
    ['apiextensions.k8s.io', 'CustomResourceDefinition'],
    'spec.conversion.webhook.clientConfig.caBundle',
  ),
  {
    ...injected('injected-service-ca', ['', 'ConfigMap'], 'data["service-ca.crt"]'),
    when: nowHas('service.beta.openshift.io/inject-cabundle (or alpha) is "true"', (after) =>
      ['beta', 'alpha'].some(
        (stage) => annotation(after, `service.${stage}.openshift.io/inject-cabundle`) === 'true',
      ),
    ),
  },
  {
    ...injected('injected-trusted-ca', ['', 'ConfigMap'], 'data["ca-bundle.crt"]'),
    when: nowHas(
      'the label config.openshift.io/inject-trusted-cabundle is "true"',
      (after) => label(after, 'config.openshift.io/inject-trusted-cabundle') === 'true',
    ),
    source: `${SOURCE.openshiftApi}/config/v1/types_proxy.go`,
  },
  {
    id: 'aggregated-role-rules',
    group: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    paths: patterns('rules'),
    when: nowHas('it has an aggregationRule', (after) => valueAt(after, 'aggregationRule') !== undefined),
    reason: 'gathered from other ClusterRoles from now on, and so left out of the archive; they are compared',
    source: `${SOURCE.kubernetesApi}/rbac/v1/types.go`,
  },
];

function injected(id: string, [group, kind]: readonly [string, string], path: string): IgnoreRule {
  return {
    id,
    group,
    kind,
    paths: patterns(path),
    when: ASKS_FOR_CA,
    reason: 'filled in by an injector from now on, and so left out of the archive',
    source: SERVICE_CA,
  };
}

function nowHas(text: string, test: (after: Value | undefined) => boolean): IgnoreCondition {
  return { text: `${text}, in the later archive`, holds: ({ object }) => test(object.after) };
}

function annotation(object: Value | undefined, name: string): string | undefined {
  return scalarText(valueAt(object, 'metadata', 'annotations', name));
}

function label(object: Value | undefined, name: string): string | undefined {
  return scalarText(valueAt(object, 'metadata', 'labels', name));
}

function patterns(...texts: readonly string[]): PathPattern[] {
  return texts.map(patternOf);
}

function imagesIn(podSpecs: readonly string[]): PathPattern[] {
  return podSpecs.flatMap((spec) =>
    patterns(`${spec}.containers[*].image`, `${spec}.initContainers[*].image`),
  );
}

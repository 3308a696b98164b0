import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import type { KubernetesObject } from './objects.ts';

const CRD_FOLDER = path.join(import.meta.dirname, '..', 'data', 'openshift', 'crds');

/** One of OpenShift's resource types. */
export interface OpenShiftType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly shortNames: readonly string[];
}

/**
 * Types that OpenShift stores, as its discovery document names them (`test/data/openshift/discovery`).
 * Not here: types that a server computes (projects, imagestreamtags), which no definition can stand for,
 * and names with a colon (users, identities may have them), which an API server refuses for custom resources.
 */
export const OPENSHIFT_TYPES: readonly OpenShiftType[] = table(`
  apps.openshift.io                 v1        N  deploymentconfigs              deploymentconfig            DeploymentConfig             dc
  authorization.openshift.io        v1        N  rolebindingrestrictions        rolebindingrestriction      RoleBindingRestriction
  build.openshift.io                v1        N  buildconfigs                   buildconfig                 BuildConfig                  bc
  build.openshift.io                v1        N  builds                         build                       Build
  config.openshift.io               v1        C  clusterversions                clusterversion              ClusterVersion
  config.openshift.io               v1        C  ingresses                      ingress                     Ingress
  config.openshift.io               v1        C  oauths                         oauth                       OAuth
  config.openshift.io               v1        C  proxies                        proxy                       Proxy
  console.openshift.io              v1        C  consolelinks                   consolelink                 ConsoleLink
  image.openshift.io                v1        C  images                         image                       Image
  image.openshift.io                v1        N  imagestreams                   imagestream                 ImageStream                  is
  k8s.ovn.org                       v1        N  egressfirewalls                egressfirewall              EgressFirewall
  machineconfiguration.openshift.io v1        C  machineconfigs                 machineconfig               MachineConfig                mc
  monitoring.coreos.com             v1        N  prometheusrules                prometheusrule              PrometheusRule               promrule
  monitoring.coreos.com             v1        N  servicemonitors                servicemonitor              ServiceMonitor               smon
  oauth.openshift.io                v1        C  oauthclients                   oauthclient                 OAuthClient
  operators.coreos.com              v1alpha1  N  clusterserviceversions         clusterserviceversion       ClusterServiceVersion        csv,csvs
  operators.coreos.com              v1alpha1  N  subscriptions                  subscription                Subscription                 sub,subs
  quota.openshift.io                v1        C  clusterresourcequotas          clusterresourcequota        ClusterResourceQuota         clusterquota
  route.openshift.io                v1        N  routes                         route                       Route
  security.openshift.io             v1        C  securitycontextconstraints     securitycontextconstraints  SecurityContextConstraints   scc
  template.openshift.io             v1        N  templateinstances              templateinstance            TemplateInstance
  template.openshift.io             v1        N  templates                      template                    Template
  user.openshift.io                 v1        C  groups                         group                       Group
  user.openshift.io                 v1        C  identities                     identity                    Identity
  user.openshift.io                 v1        C  users                          user                        User
`);

/** Installs OpenShift's types as custom resources, and waits until all of them are served and discovered. */
export async function installOpenShiftTypes(cluster: {
  apply(objects: readonly KubernetesObject[]): Promise<void>;
}): Promise<void> {
  const real = await realDefinitions();
  const realNames = new Set(real.map(({ metadata }) => metadata.name));
  const others = OPENSHIFT_TYPES.map(definition).filter(({ metadata }) => !realNames.has(metadata.name));
  await cluster.apply([...real, ...others]);
}

/** OpenShift's own definitions, for the types that have one. */
async function realDefinitions(): Promise<KubernetesObject[]> {
  const files = await readdir(CRD_FOLDER);
  const texts = await Promise.all(files.map((file) => readFile(path.join(CRD_FOLDER, file), 'utf8')));
  return texts.map((text) => parse(text) as KubernetesObject);
}

/** A definition that keeps every field, status included: there is nobody else here to write one. */
function definition(type: OpenShiftType): KubernetesObject {
  const { group, version, plural, singular, kind, shortNames, isNamespaced } = type;
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames },
      scope: isNamespaced ? 'Namespaced' : 'Cluster',
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

function table(text: string): OpenShiftType[] {
  return text.trim().split('\n').map(row);
}

function row(line: string): OpenShiftType {
  const cells = line.trim().split(/\s+/u);
  const [group = '', version = '', scope, plural = '', singular = '', kind = '', shortNames] = cells;
  const isNamespaced = scope === 'N';
  return { group, version, plural, singular, kind, isNamespaced, shortNames: shortNames?.split(',') ?? [] };
}

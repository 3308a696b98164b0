import { annotation, type FieldRule, label, type RuleGroup } from './rule.ts';
import { SOURCE } from './sources.ts';

const CSVS = ['clusterserviceversions.operators.coreos.com'];
const OPERATOR_GROUPS = ['operatorgroups.operators.coreos.com'];
const DEPLOYMENTS = ['deployments.apps'];
const GROUP_TYPES = `${SOURCE.olmApi}/pkg/operators/v1/operatorgroup_types.go#L13`;

/** What the operator lifecycle manager writes into objects. Subscriptions, OperatorGroups and CatalogSources are settings and stay. */
export const OLM_RULES: RuleGroup = {
  prune: [
    membership('csv-operator-group', 'olm.operatorGroup'),
    membership('csv-operator-namespace', 'olm.operatorNamespace'),
    membership('csv-target-namespaces', 'olm.targetNamespaces'),
    {
      id: 'provided-apis',
      types: OPERATOR_GROUPS,
      path: annotation('olm.providedAPIs'),
      reason: 'gathered from the operators of the group',
      source: GROUP_TYPES,
    },
    {
      id: 'olm-api-labels',
      types: [...CSVS, ...OPERATOR_GROUPS],
      path: ['metadata', 'labels', { keys: /^olm\.api\./u }],
      reason: 'which APIs the operator has and needs, as hashes',
      source: `${SOURCE.olm}/pkg/controller/operators/olm/labeler.go#L17`,
    },
    {
      id: 'olm-spec-hash',
      types: DEPLOYMENTS,
      path: label('olm.deployment-spec-hash'),
      reason: 'the hash of what the lifecycle manager applied',
      source: `${SOURCE.olm}/pkg/controller/install/deployment.go#L21`,
    },
    {
      id: 'olm-ca-hash',
      types: DEPLOYMENTS,
      path: ['spec', 'template', ...annotation('olmcahash')],
      reason: 'the hash of a certificate that the lifecycle manager renews by itself',
      source: `${SOURCE.olm}/pkg/controller/install/certresources.go#L558`,
    },
  ],
  skip: [
    {
      id: 'copied-csv',
      types: CSVS,
      when: { has: label('olm.copiedFrom') },
      reason: 'a copy for one of the namespaces that the operator watches',
      source: `${SOURCE.olmApi}/pkg/operators/v1alpha1/clusterserviceversion_types.go`,
    },
  ],
};

function membership(id: string, name: string): FieldRule {
  const reason = 'which OperatorGroup the operator is in, written by the lifecycle manager';
  return { id, types: CSVS, path: annotation(name), reason, source: GROUP_TYPES };
}

import type { GuardSettings } from './guard-request.ts';
import { VARIABLES } from './pod-view.ts';
import { refusalText, RULES } from './rules.ts';
import { SCOPES } from './scope.ts';

const API = 'admissionregistration.k8s.io/v1';

/** An object of the cluster that the guard consists of. */
export interface GuardObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** What is done with a request that breaks a rule: noted in the audit log, or refused as well. */
export type Mode = 'audit' | 'deny';

/**
 * The rules as ValidatingAdmissionPolicies, one for each area. They have no parameters: where the object with them is
 * missing, the API server asks no match condition any more, and refuses every pod of the cluster
 * (https://github.com/kubernetes/kubernetes/blob/v1.34.4/staging/src/k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go).
 */
export function guardPolicies(settings: GuardSettings): GuardObject[] {
  return SCOPES.map(({ area, resources, cel }) => ({
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: policyName(area) },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        resourceRules: resources.map((rule) => ({ ...rule, scope: 'Namespaced' })),
      },
      matchConditions: [{ name: 'concerns-the-backuper', expression: cel }],
      ...(area === 'pods' && { variables: VARIABLES }),
      validations: RULES.filter((rule) => rule.area === area).map((rule) => ({
        expression: rule.cel(settings),
        message: refusalText(rule),
        reason: 'Forbidden',
      })),
    },
  }));
}

/** The bindings that bring the policies into force, in the whole cluster. */
export function guardBindings(mode: Mode): GuardObject[] {
  return SCOPES.map(({ area }) => ({
    apiVersion: API,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: policyName(area) },
    spec: {
      policyName: policyName(area),
      validationActions: mode === 'deny' ? ['Deny', 'Audit'] : ['Audit'],
    },
  }));
}

function policyName(area: string): string {
  return `openshift-backup-guard-${area}`;
}

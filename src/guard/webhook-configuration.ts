import type { GuardObject } from './policies.ts';
import { SCOPES } from './scope.ts';

/** Where the API server finds the webhook, and what it does when there is no answer. */
export interface WebhookOptions {
  /** The Service in the cluster, or a URL for one outside. */
  readonly clientConfig: Readonly<Record<string, unknown>>;
  readonly failurePolicy: 'Fail' | 'Ignore';
  /**
   * Whether the API server itself looks first whether a request is about a BackupEr (from Kubernetes 1.28 on). Without
   * it every pod goes to the webhook, and Secrets don't: nobody's Secrets are sent around for this.
   */
  readonly isNarrow: boolean;
  /** Namespaces that are never asked about, so that the webhook's own pods need no webhook. */
  readonly exceptNamespaces: readonly string[];
}

/** The namespaces of the cluster itself. */
export const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease'] as const;
/** The API server waits no longer. */
export const WEBHOOK_TIMEOUT_SECONDS = 5;
/** Where reviews are sent. */
export const REVIEW_PATH = '/validate';

/** The registration of the webhook, made from the scopes of the rules. */
export function webhookConfiguration(options: WebhookOptions): GuardObject {
  const { clientConfig, failurePolicy, isNarrow, exceptNamespaces } = options;
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'openshift-backup-guard' },
    webhooks: SCOPES.filter(({ area }) => isNarrow || area !== 'secrets').map(({ area, resources, cel }) => ({
      name: `${area}.guard.openshift-backup.io`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      timeoutSeconds: WEBHOOK_TIMEOUT_SECONDS,
      failurePolicy,
      matchPolicy: 'Equivalent',
      clientConfig,
      namespaceSelector: {
        matchExpressions: [
          { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [...exceptNamespaces] },
          // What OpenShift itself needs to start.
          ...(isNarrow ? [] : [{ key: 'openshift.io/run-level', operator: 'DoesNotExist' }]),
        ],
      },
      rules: resources.map((rule) => ({ ...rule, scope: 'Namespaced' })),
      ...(isNarrow && { matchConditions: [{ name: 'concerns-the-backuper', expression: cel }] }),
    })),
  };
}

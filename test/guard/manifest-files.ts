import { stringify } from 'yaml';
import { guardSettings } from '../../src/cli/guard-settings.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { guardBindings, type GuardObject, guardPolicies } from '../../src/guard/policies.ts';
import { SYSTEM_NAMESPACES, webhookConfiguration } from '../../src/guard/webhook-configuration.ts';

const NAMESPACE = 'cluster-backup-guard';
const SERVICE = { name: 'openshift-backup-guard', namespace: NAMESPACE, path: '/validate', port: 443 };
/** OpenShift writes the bundle of its service CA into what has this annotation. */
const INJECT = { 'service.beta.openshift.io/inject-cabundle': 'true' };

/** The files below `openshift/guard` that are made from the rules, and their objects with the default settings. */
export const GENERATED: Readonly<Record<string, readonly GuardObject[]>> = {
  'policies/policies.yml': guardPolicies(guardSettings(loadSettings({}))),
  'audit/bindings.yml': guardBindings('audit'),
  'deny/bindings.yml': guardBindings('deny'),
  'webhook/configuration.yml': [registration(true)],
  'webhook-before-1.28/configuration.yml': [registration(false)],
};

/** The text of such a file. */
export function fileText(objects: readonly GuardObject[]): string {
  const documents = objects.map((object) =>
    stringify(object, { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false }),
  );
  return `# Written from src/guard; to write it anew: npm run manifests\n${documents.join('---\n')}`;
}

function registration(isNarrow: boolean): GuardObject {
  const object = webhookConfiguration({
    clientConfig: { service: SERVICE },
    // Narrow, it stands in the way of BackupEr pods alone; else it must not be able to stop a cluster.
    failurePolicy: isNarrow ? 'Fail' : 'Ignore',
    isNarrow,
    exceptNamespaces: [...SYSTEM_NAMESPACES, NAMESPACE],
  });
  return { ...object, metadata: { ...object.metadata, annotations: INJECT } };
}

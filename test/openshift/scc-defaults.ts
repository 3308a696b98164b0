import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';

const DEFINITION = ['customresourcedefinition', 'securitycontextconstraints.security.openshift.io'];
const EFFECTIVE_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const WITHOUT_PRIORITY = {
  apiVersion: 'security.openshift.io/v1',
  kind: 'SecurityContextConstraints',
  metadata: { name: 'without-priority' },
  allowHostDirVolumePlugin: false,
  allowHostIPC: false,
  allowHostNetwork: false,
  allowHostPID: false,
  allowHostPorts: false,
  allowPrivilegedContainer: false,
  allowedCapabilities: [],
  defaultAddCapabilities: [],
  readOnlyRootFilesystem: true,
  requiredDropCapabilities: [],
  volumes: [],
};

/**
 * Lets SecurityContextConstraints have no priority. OpenShift's own server fills in what the schema requires and
 * nobody writes, before the schema is looked at; this API server has no such plug-in:
 * https://github.com/openshift/kubernetes/blob/1e8ff724ad434182d4c0fa6ec5fddbb55dea1646/openshift-kube-apiserver/admission/customresourcevalidation/securitycontextconstraints/defaults.go
 */
export async function installSccDefaults(cluster: Cluster): Promise<void> {
  const { spec } = JSON.parse(await cluster.kubectl(['get', ...DEFINITION, '-o', 'json'])) as Definition;
  const required = spec.versions[0]?.schema.openAPIV3Schema.required ?? [];
  if (required.includes('priority')) {
    const path = '/spec/versions/0/schema/openAPIV3Schema/required';
    const value = required.filter((field) => field !== 'priority');
    const patch = JSON.stringify([{ op: 'replace', path, value }]);
    await cluster.kubectl(['patch', ...DEFINITION, '--type=json', '-p', patch]);
  }
  const deadlineMs = Date.now() + EFFECTIVE_TIMEOUT_MS;
  const input = JSON.stringify(WITHOUT_PRIORITY);
  for (;;) {
    try {
      await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], { input });
      return;
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await sleep(POLL_MS);
    }
  }
}

interface Definition {
  readonly spec: {
    readonly versions: readonly {
      readonly schema: { readonly openAPIV3Schema: { readonly required: readonly string[] } };
    }[];
  };
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { median } from './measure.ts';

const run = promisify(execFile);

/** What the original exported of every project (gerald1248/openshift-backup 8466873, scripts/project_export.sh). */
const TYPES = [
  'rolebindings',
  'serviceaccounts',
  'secrets',
  'deploymentconfigs.apps.openshift.io',
  'buildconfigs.build.openshift.io',
  'builds.build.openshift.io',
  'imagestreams.image.openshift.io',
  'replicationcontrollers',
  'services',
  'endpoints',
  'pods',
  'configmaps',
  'rolebindingrestrictions.authorization.openshift.io',
  'limitranges',
  'resourcequotas',
  'persistentvolumeclaims',
  'routes.route.openshift.io',
  'templates.template.openshift.io',
  'cronjobs',
  'statefulsets',
  'horizontalpodautoscalers',
  'deployments',
  'replicasets',
  'poddisruptionbudgets',
  'daemonsets',
];
const FILTER = 'del(.items[].metadata.uid, .items[].metadata.resourceVersion, .items[].metadata.creationTimestamp, .items[].status)';

/**
 * How long the original's way would take: for each project and type, one `kubectl get … -o json | jq`.
 * Measured on a few projects and multiplied; undefined when there is no jq here.
 *
 * @returns seconds for all projects
 */
export async function oldWaySeconds(
  kubectl: readonly string[],
  kubeconfig: string,
  sample: readonly string[],
  projectCount: number,
): Promise<number | undefined> {
  if (!(await hasJq())) return undefined;
  const seconds: number[] = [];
  for (const project of sample) {
    const startedMs = performance.now();
    for (const type of TYPES) {
      const get = [...kubectl, '--kubeconfig', kubeconfig, 'get', '-n', project, type, '-o', 'json'].map(quoted).join(' ');
      await run('sh', ['-c', `${get} | jq ${quoted(FILTER)} > /dev/null`]);
    }
    seconds.push((performance.now() - startedMs) / 1000);
  }
  return median(seconds) * projectCount;
}

async function hasJq(): Promise<boolean> {
  return await run('jq', ['--version']).then(
    () => true,
    () => false,
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

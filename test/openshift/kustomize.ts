import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ensureBinaries } from '../cluster/binaries.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { runProgram } from '../support/run-program.ts';

/** The folder of the manifests. */
export const MANIFESTS = path.join(import.meta.dirname, '..', '..', 'openshift');

/** What `kubectl apply -k` would send for a folder below `openshift/`. */
export async function kustomize(folder: string): Promise<KubernetesObject[]> {
  const { kubectl } = await ensureBinaries((line) => void process.stderr.write(`${line}\n`));
  const [command = '', ...prefix] = kubectl;
  return objectsIn(await runProgram(command, [...prefix, 'kustomize', path.resolve(MANIFESTS, folder)]));
}

/** The objects in a YAML text with one document for each. */
export function objectsIn(text: string): KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => (document.toJS() ?? []) as KubernetesObject[]);
}

/** The text of a template below `openshift/`. */
export function templateFile(file: string): string {
  return readFileSync(path.join(MANIFESTS, file), 'utf8');
}

/** Objects with the namespace that `kubectl apply -n` gives those that have none; what lies in no namespace stays. */
export function inNamespace(namespace: string, objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects.map((object) => {
    if (object.kind === 'Namespace' || object.kind.startsWith('Cluster')) return object;
    return { ...object, metadata: { namespace, ...object.metadata } };
  });
}

import type { Containerd } from './containerd.ts';

/**
 * Puts the image in a tar file onto the node, under `name`, else under the names that the archive has.
 *
 * @returns its full names, as `docker.io/library/openshift-backup:latest`
 */
export async function importImage({ ctr }: Containerd, tarFile: string, name?: string): Promise<string[]> {
  // The index is all that the archive holds, so an image needs no name of its own to be found by this one.
  const index = name === undefined ? [] : [`--index-name=${fullName(name)}`];
  // It says "unpacking NAME (sha256:…)...done" for each.
  const output = await ctr('images', 'import', ...index, tarFile);
  const names = [...output.matchAll(/^unpacking (\S+) /gmu)].map(([, found = '']) => found);
  if (name === undefined && names.length > 0) return names;
  if (name !== undefined && names.includes(fullName(name))) return [fullName(name)];
  throw new Error(`${tarFile} has no image with a name: give it one (${output})`);
}

/**
 * An image's name as pods' containers are looked up by it.
 * https://github.com/distribution/reference/blob/v0.6.0/normalize.go#L127-L152
 */
export function fullName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/u.test(first) || first === 'localhost');
  const path = rest.length === 0 ? `library/${name}` : name;
  const withRegistry = hasRegistry ? name : `docker.io/${path}`;
  return /[:@][^/]+$/u.test(withRegistry) ? withRegistry : `${withRegistry}:latest`;
}

/** Something that somebody changes in the cluster, and how it must show between two archives. */
export interface Change {
  readonly commandLine: string;
  /** The entry of the archive. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** What the demonstration changes: an image, a number of replicas, a line of a ConfigMap. Sorted by file. */
export const CHANGES: readonly Change[] = [
  {
    commandLine: 'kubectl scale deployment/grafana --replicas=3 -n monitoring',
    file: 'monitoring/deployments.apps.json',
    before: '"replicas": 1,',
    after: '"replicas": 3,',
  },
  {
    commandLine: `kubectl patch configmap/web-settings -n shop --type=merge -p '{"data":{"features":"search,gifts"}}'`,
    file: 'shop/configmaps.json',
    before: '"features": "search,wishlist",',
    after: '"features": "search,gifts",',
  },
  {
    commandLine: 'kubectl set image deployment/cart cart=registry.example.com/example/cart:2.5.0 -n shop',
    file: 'shop/deployments.apps.json',
    before: '"image": "registry.example.com/example/cart:2.4.1",',
    after: '"image": "registry.example.com/example/cart:2.5.0",',
  },
];

/** What a diff lacks of what was changed, and what it shows beyond that. */
export interface Mismatch {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/** Compares what `diff -r before after` has printed with the changes that were made. Both lists are empty if it is right. */
export function mismatch(diff: string, changes: readonly Change[]): Mismatch {
  const unexpected = differences(diff);
  const missing = changes
    .flatMap(({ file, before, after }) => [`${file}: < ${before}`, `${file}: > ${after}`])
    .filter((line) => {
      const index = unexpected.indexOf(line);
      if (index !== -1) unexpected.splice(index, 1);
      return index === -1;
    });
  return { missing, unexpected };
}

/** Each line that differs, with its file before it; other lines (`Only in …`) as they are. */
function differences(diff: string): string[] {
  const found: string[] = [];
  let file = '';
  for (const line of diff.split('\n')) {
    const header = /^diff -r before\/(?<file>\S+) after\/\S+$/u.exec(line);
    if (header) file = header.groups?.['file'] ?? '';
    else if (/^[<>] /u.test(line)) found.push(`${file}: ${line.replaceAll(/\s+/gu, ' ')}`);
    else if (line !== '' && line !== '---' && !/^[\d,]+[acd][\d,]+$/u.test(line)) found.push(line);
  }
  return found;
}

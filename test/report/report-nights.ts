import { stored, type Stored, writeNightOf, type Night } from '../drift/nights.ts';

/** Would become an element, end the style sheet, end an attribute, turn the line round, or move a cursor. */
export const HOSTILE: readonly string[] = [
  `<img src=x onerror="document.title='owned'">`,
  `</style></title></textarea><script>document.title='owned'</script>`,
  `" onmouseover="document.title='owned'" x="`,
  `' style='position:fixed;inset:0;background:url(https://example.com/x)`,
  `<!-- <![CDATA[ &lt;b&gt; &#x3c;script&#x3e;`,
  'javascript:document.title=1//',
  'x\u001B[2J\u202E\u2066\u009B31m\u0007\r\n\u2028\u{E0041}',
];

/** A project whose objects are of these versions. */
export function project(name: string, version: number): Stored[] {
  const env = [{ name: 'DB_PASSWORD', value: `canary-${version}` }];
  const containers = [{ name: 'web', image: `registry.example.com/web:${version}`, env }];
  return [
    stored('Namespace', name),
    stored('Deployment', 'web', { spec: { template: { spec: { containers } } } }, name),
    stored('ConfigMap', 'settings', { data: { 'a.conf': `a=1\nb=${version}\nc=3\n` } }, name),
    stored('Secret', 'login', { data: { password: `canary-${version}` } }, name),
  ];
}

/** An object whose every text is hostile, and other in each version. */
export function hostileObject(index: number, version: number): Stored {
  const text = HOSTILE[index] ?? '';
  return stored('ConfigMap', `${index}${text}`, {
    metadata: { name: `${index}${text}`, namespace: 'shop' },
    data: { [text]: `${text}${version}`, lines: `${text}\n${version}\n${text}`, huge: '<'.repeat(version) },
  });
}

/** A night in which everything that a report shows is hostile. */
export function hostileNight(version: number): Night {
  const [first = '', second = ''] = HOSTILE;
  const names = HOSTILE.map((_text, index) => `${index}${HOSTILE[index] ?? ''}`);
  return {
    objects: [...HOSTILE.map((_text, index) => hostileObject(index, version)), ...project('shop', version)],
    facts: {
      'shop/configmaps': names.toSorted().map((name) => ({
        apiVersion: 'openshift-backup.io/v1',
        created: first,
        kind: 'Facts',
        managers: [{ manager: `${first}${second}`, operation: second, time: `2026-11-${version}T00:00:00Z` }],
        metadata: { name },
        uid: 'u',
      })),
    },
    outcomes: {
      ...Object.fromEntries(
        HOSTILE.map((text) => [
          text,
          [{ scope: text, result: 'skipped', rule: text, reason: text }] as const,
        ]),
      ),
      denied: [{ scope: first, result: 'denied' }],
    },
  };
}

/** Thirty nights of three projects, with an incomplete one and one that is missing. */
export async function writeMonth(dir: string): Promise<void> {
  for (let day = -9; day <= 20; day++) {
    if (day === 6) continue;
    const objects = ['blog', 'payments', 'shop'].flatMap((name, index) =>
      project(name, 100 + Math.floor((day + 9) / (2 + index * 3))),
    );
    const role = stored('ClusterRole', 'reader', { rules: [{ verbs: day > 12 ? ['get', '*'] : ['get'] }] });
    const outcomes: Night['outcomes'] = {
      nodes: [{ scope: '*', result: 'denied' }],
      events: [{ scope: '*', result: 'skipped', rule: 'run-records', reason: 'gone after an hour' }],
      ...(day === 9 && { configmaps: [{ scope: '*', result: 'failed', reason: 'HTTP 503' }] }),
    };
    await writeNightOf(dir, day, { objects: [...objects, role], outcomes });
  }
}

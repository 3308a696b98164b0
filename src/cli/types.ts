import { safeText } from '../model/text.ts';
import { askForCluster } from '../export/permissions.ts';
import { planTypes } from '../export/plan-types.ts';
import { discover } from '../kubernetes/discover.ts';
import { gapsOf } from '../model/manifest.ts';
import type { Permission } from '../kubernetes/may-list.ts';
import { apiVersion, typeName } from '../model/resource-type.ts';
import { withCluster } from './cluster-access.ts';
import { COMPLETE, INCOMPLETE } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { table } from './text.ts';

interface Row {
  readonly type: string;
  readonly apiVersion: string;
  readonly isNamespaced: boolean;
  readonly isExported: boolean;
  readonly reason: string;
}

/** `openshift-backup types`: every resource type of the cluster; exit code 3 when a part of it does not answer. */
export async function types(input: CommandInput): Promise<number> {
  return await withCluster(input, async (client) => {
    const discovery = await discover(client);
    const { include, exclude } = input.settings;
    const { selected, settled } = planTypes(discovery, { namespaces: [], include, exclude });
    const answers = await askForCluster(client, selected);
    const asked = selected.map((type, index): Row => ({
      type: typeName(type),
      apiVersion: apiVersion(type),
      isNamespaced: type.isNamespaced,
      ...verdict(answers[index] ?? 'denied', type.isNamespaced),
    }));
    const others = settled.flatMap(({ outcomes, ...type }) =>
      outcomes.map((outcome): Row => ({
        ...type,
        isExported: false,
        reason: 'reason' in outcome ? outcome.reason : '',
      })),
    );
    const rows = [...asked, ...others].toSorted((a, b) => (a.type < b.type ? -1 : Number(a.type > b.type)));
    await print(input.process, rendered(rows, input.output));
    return gapsOf(settled).length === 0 ? COMPLETE : INCOMPLETE;
  });
}

function verdict(answer: Permission, isNamespaced: boolean): Pick<Row, 'isExported' | 'reason'> {
  if (answer === 'allowed') return { isExported: true, reason: '' };
  if (answer !== 'denied') return { isExported: true, reason: `not certain: ${answer.unknown}` };
  const reason = isNamespaced
    ? 'not allowed to list in the whole cluster; exported from projects where it is allowed'
    : 'not allowed to list';
  return { isExported: false, reason };
}

function rendered(rows: readonly Row[], output: CommandInput['output']): string {
  if (output === 'json') return `${JSON.stringify(rows, null, 2)}\n`;
  if (output === 'name')
    return rows
      .filter(({ isExported }) => isExported)
      .map(({ type }) => `${type}\n`)
      .join('');
  const cells = rows.map((row) => [
    row.type,
    row.apiVersion,
    String(row.isNamespaced),
    row.isExported ? 'yes' : 'no',
    safeText(row.reason),
  ]);
  return table(['TYPE', 'APIVERSION', 'NAMESPACED', 'EXPORTED', 'REASON'], cells);
}

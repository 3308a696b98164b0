import { counted } from '../model/text.ts';
import { type ListedRule, listRules } from '../prune/rule-list.ts';
import { COMPLETE } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { table } from './text.ts';

/** So many types of a rule are named in the table; `-o json` names all. */
const SHOWN_TYPES = 2;

/** `openshift-backup rules`: what is left out of archives, and what of an archive is not applied, with the reasons. */
export async function rules({ process: context, output }: CommandInput): Promise<number> {
  const all = listRules();
  await print(context, output === 'json' ? `${JSON.stringify(all, null, 2)}\n` : rendered(all));
  return COMPLETE;
}

function rendered(all: readonly ListedRule[]): string {
  const rows = all.map(({ id, verdict, types, reason, what }) => [
    id,
    verdict,
    typesText(types),
    reason,
    what,
  ]);
  return table(['ID', 'VERDICT', 'TYPES', 'REASON', 'FIELD OR CONDITION'], rows);
}

function typesText(types: ListedRule['types']): string {
  if (types === '*') return 'every type';
  const more = types.length - SHOWN_TYPES;
  const shown = types.slice(0, SHOWN_TYPES).join(', ');
  return more > 0 ? `${shown} and ${counted(more, 'other')}` : shown;
}

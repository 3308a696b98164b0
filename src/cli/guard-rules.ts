import { guardBindings, guardPolicies } from '../guard/policies.ts';
import { RULES } from '../guard/rules.ts';
import { COMPLETE } from './exit-code.ts';
import { guardSettings } from './guard-settings.ts';
import { type CommandInput, print } from './process-context.ts';
import { table } from './text.ts';

/** `openshift-backup guard rules`: the table of rules, with what each of them stops. */
export async function guardRules({ process, output }: CommandInput): Promise<number> {
  const all = RULES.map(({ id, area, attack, message }) => ({ id, area, message, attack }));
  await print(
    process,
    output === 'json'
      ? `${JSON.stringify(all, null, 2)}\n`
      : table(
          ['RULE', 'ABOUT', 'WHAT MUST BE SO', 'WHAT IT STOPS'],
          all.map(({ id, area, message, attack }) => [id, area, message, attack]),
        ),
  );
  return COMPLETE;
}

/** `openshift-backup guard policies`: the objects of the guard, as a List. */
export async function guardPolicyList(
  { process, settings }: CommandInput,
  _args: readonly string[],
  switches: ReadonlySet<string>,
): Promise<number> {
  const items = [
    ...guardPolicies(guardSettings(settings)),
    ...guardBindings(switches.has('audit') ? 'audit' : 'deny'),
  ];
  await print(process, `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n`);
  return COMPLETE;
}

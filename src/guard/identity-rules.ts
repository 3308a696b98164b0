import { textAt, valueAt } from './fields.ts';
import type { GuardRequest, GuardSettings } from './guard-request.ts';
import { IDENTITY, POD_NAME, SCC_ANNOTATIONS, SCCS } from './names.ts';
import { celList, celText, type Rule } from './rule.ts';
import { celIdentity, isIdentity } from './scope.ts';

const NAME_PATTERN = new RegExp(POD_NAME, 'u');
const IS_CREATE = 'request.operation == "CREATE"';

/** Who makes a BackupEr pod, what it is called, and under which identity it runs. */
export const IDENTITY_RULES: readonly Rule[] = [
  {
    id: 'requester',
    area: 'pods',
    attack:
      "impersonate the BackupEr's ServiceAccount, or use a token of it, to make pods with what it may use",
    message: 'the ServiceAccount backuper makes and changes no pods; ask in your own name',
    holds: ({ username }) => !isIdentity(username),
    cel: () => `!${celIdentity()}`,
  },
  {
    id: 'frozen',
    area: 'pods',
    attack:
      'change the image of a BackupEr pod that runs, add an ephemeral container to it, or give a pod its SCC afterwards',
    message: 'a BackupEr pod is not changed while it runs; delete it, and begin the copy again',
    // What changes nothing that matters does not get as far as this: the scope leaves it out.
    holds: ({ operation }) => operation !== 'UPDATE',
    cel: () => 'request.operation != "UPDATE"',
  },
  {
    id: 'creator',
    area: 'pods',
    attack: 'start the real program on any claim of the project, with any arguments',
    message:
      'only the backup makes BackupEr pods: openshift-backup volumes copy, or the annotation openshift-backup.io/copy-to on the claim. For a pod of your own use another ServiceAccount than backuper, and a name that does not begin with backuper-',
    holds: ({ operation, ...request }, settings) =>
      operation !== 'CREATE' ||
      settings.creators.includes(request.username) ||
      isAdministrator(request, settings),
    cel: (settings) =>
      `!(${IS_CREATE}) || request.userInfo.username in ${celList(settings.creators)} || ${celAdministrator(settings)}`,
  },
  {
    id: 'name',
    area: 'pods',
    attack: 'a name without the prefix, by which exec and attach are refused',
    message: 'a BackupEr pod is called backuper-<task>-<run>, and has no generateName',
    holds: ({ object }) =>
      NAME_PATTERN.test(textAt(object, 'metadata', 'name')) &&
      textAt(object, 'metadata', 'generateName') === '',
    cel: () =>
      `object.metadata.?name.orValue("").matches(${celText(POD_NAME)}) && object.metadata.?generateName.orValue("") == ""`,
  },
  {
    id: 'service-account',
    area: 'pods',
    attack: "the BackupEr's SCC for a pod with a ServiceAccount that has rights",
    message: 'a BackupEr pod has the ServiceAccount backuper',
    holds: ({ object }) => textAt(object, 'spec', 'serviceAccountName') === IDENTITY,
    cel: () => `object.spec.?serviceAccountName.orValue("") == ${celText(IDENTITY)}`,
  },
  {
    id: 'scc',
    area: 'pods',
    attack: 'a wider SCC than the tier takes, such as anyuid or privileged',
    message: `a BackupEr pod runs under ${SCCS.slice(0, -1).join(', ')} or ${SCCS.at(-1) ?? ''}`,
    holds: ({ object }) =>
      SCC_ANNOTATIONS.every((key) => {
        const scc = valueAt(object, 'metadata', 'annotations', key);
        return scc === undefined || SCCS.some((allowed) => allowed === scc);
      }),
    cel: () =>
      `${celList(SCC_ANNOTATIONS)}.all(k, !(k in object.metadata.?annotations.orValue({})) || object.metadata.annotations[k] in ${celList(SCCS)})`,
  },
];

/** Whether somebody is one of those who may do what others may not. */
export function isAdministrator(
  { username, groups }: Pick<GuardRequest, 'username' | 'groups'>,
  { administrators, administratorGroups }: GuardSettings,
): boolean {
  return administrators.includes(username) || groups.some((group) => administratorGroups.includes(group));
}

/** The same in CEL. */
export function celAdministrator({ administrators, administratorGroups }: GuardSettings): string {
  return `request.userInfo.username in ${celList(administrators)} || request.userInfo.?groups.orValue([]).exists(g, g in ${celList(administratorGroups)})`;
}

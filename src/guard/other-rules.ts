import { celAdministrator, isAdministrator } from './identity-rules.ts';
import { celText, type Rule } from './rule.ts';

/** Where OpenShift's own controllers are: they make tokens for every ServiceAccount, to pull images with. Nobody else has rights there. */
const TOKEN_MAKERS = 'system:serviceaccount:openshift-infra:';

/** What is not a pod, and leads to one or to its identity. */
export const OTHER_RULES: readonly Rule[] = [
  {
    id: 'connect',
    area: 'connect',
    attack: 'exec, attach, port-forward or proxy into a BackupEr pod that runs',
    message: 'nobody connects to BackupEr pods; what they do stands in their log and in volumes status',
    holds: isAdministrator,
    cel: celAdministrator,
  },
  {
    id: 'token-request',
    area: 'tokens',
    attack: "ask for a token of the BackupEr's ServiceAccount",
    message: 'there are no tokens for the ServiceAccount backuper',
    holds: ({ username }) => username.startsWith(TOKEN_MAKERS),
    cel: () => `request.userInfo.username.startsWith(${celText(TOKEN_MAKERS)})`,
  },
  {
    id: 'token-secret',
    area: 'secrets',
    attack: "a Secret which the cluster fills with a token of the BackupEr's ServiceAccount",
    message: 'there are no tokens for the ServiceAccount backuper, in Secrets neither',
    holds: ({ username }) => username.startsWith(TOKEN_MAKERS),
    cel: () => `request.userInfo.username.startsWith(${celText(TOKEN_MAKERS)})`,
  },
  {
    id: 'workload',
    area: 'workloads',
    attack:
      "a Deployment, Job or CronJob whose pods have the identity, made by a controller in nobody's name",
    message:
      'its pods would be taken for BackupEr pods and refused, without end and out of sight: give it another ServiceAccount than backuper, and a name that is not backuper and does not begin with backuper-',
    holds: () => false,
    cel: () => 'false',
  },
];

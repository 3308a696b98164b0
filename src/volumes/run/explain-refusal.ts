import { safeText } from '../../model/text.ts';

/** Why the server did not take a pod. */
export interface Refusal {
  readonly reason:
    | 'not-opted-in'
    | 'pod-security'
    | 'scc'
    | 'quota'
    | 'limits'
    | 'project-ends'
    | 'policy'
    | 'webhook-down'
    | 'other';
  /** One line: what to do, and the server's own words. */
  readonly message: string;
  /** Whether the same pod may be taken later, without anybody doing anything. */
  readonly mayPass: boolean;
}

type Rule = readonly [text: RegExp, reason: Refusal['reason'], advice: string, mayPass: boolean];

/** In the order in which they are tried: texts of one may occur in another. */
const RULES: readonly Rule[] = [
  [
    /violates PodSecurity/u,
    'pod-security',
    'the Pod Security level forbids this pod: label the project with pod-security.kubernetes.io/enforce=baseline',
    false,
  ],
  [
    /security context constraint|required[- ]scc|SecurityContextConstraints/iu,
    'scc',
    "no SCC takes the pod: an administrator lets the backup's ServiceAccount use the one in openshift.io/required-scc with make volumes-allow",
    false,
  ],
  [
    /exceeded quota:/u,
    'quota',
    'the quota of the project is used up: raise it, or copy when there is room',
    true,
  ],
  [
    /failed quota:.*must specify/u,
    'quota',
    'the quota asks for a limit that BackupEr pods leave open: add a LimitRange with defaults to the project',
    false,
  ],
  [
    /(?:minimum|maximum) (?:cpu|memory|ephemeral-storage) usage per|limit to request ratio/u,
    'limits',
    'the LimitRange of the project does not let the pod have the memory it needs: widen it',
    false,
  ],
  [
    /error looking up service account|serviceaccount "?[^ ]*"? not found/u,
    'not-opted-in',
    'the ServiceAccount backuper is missing: an administrator makes it with make volumes-allow',
    false,
  ],
  [
    /because it is being terminated/u,
    'project-ends',
    'the project is being deleted: copy from another one',
    false,
  ],
  [
    /failed calling webhook/u,
    'webhook-down',
    'a webhook of the cluster does not answer: tell its administrator',
    true,
  ],
  [
    /admission webhook .* denied the request|ValidatingAdmissionPolicy/u,
    'policy',
    "a policy of the cluster forbids the pod: ask its administrator to let the backup's pods pass",
    false,
  ],
  [
    /cannot create resource "pods"/u,
    'not-opted-in',
    'the project does not let its volumes be copied: an administrator allows it with make volumes-allow',
    false,
  ],
];

/** Reads the server's message when it refuses to make a pod, usually with status 403. */
export function explainRefusal(message: string): Refusal {
  const line = safeText(message.replaceAll(/\s+/gu, ' ').trim());
  const words = line.length > 500 ? `${line.slice(0, 499)}…` : line;
  const rule = RULES.find(([text]) => text.test(line));
  if (!rule)
    return { reason: 'other', message: `the server does not take the pod: ${words}`, mayPass: false };
  const [, reason, advice, mayPass] = rule;
  return { reason, message: `${advice} (${words})`, mayPass };
}

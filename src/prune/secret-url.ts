import type { FieldRule, Path } from './rule.ts';

/** Before the host stands a password, or over HTTP a name, which is often a token; `ssh://git@host` tells nothing. */
const WITH_CREDENTIALS = /^(?:https?:\/\/[^/?#]*@|[a-z][-+.\w]*:\/\/[^/?#@]*:[^/?#]*@)/iu;

/** A URL that is a secret only where somebody wrote a name or a password into it. */
export function urlSecret(id: string, types: readonly string[], path: Path): FieldRule {
  return {
    id,
    types,
    path,
    when: { field: path, matches: WITH_CREDENTIALS },
    reason: 'a URL with a name or a password in it',
    source: 'https://github.com/openshift/oc/blob/6b8e30c/pkg/cli/admin/inspect/proxy.go',
  };
}

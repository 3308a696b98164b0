import type { Condition, Path, Step } from '../prune/rule.ts';
import { SECRET_RULES } from '../prune/rules.ts';
import type { ObjectIdentity, Segment, Value } from './drift.ts';
import { isList, isNumber } from './value.ts';

/** Names of variables, parameters and settings whose values are often secret. */
const SECRET_NAME = /passw|passphrase|pwd|token|secret|key|credential|(?:^|[^a-z])pass(?:$|[^a-z])/iu;
/** Fields of any kind that hold a secret if they hold a text. Names of Secrets are none. */
const SECRET_KEY =
  /(?:password|passwd|passphrase|(?:access|secret|private|api|account|encryption)_?-?key|(?:access|auth|bearer|api|refresh|id)_?-?token|client_?-?secret|^(?:.*\/)?(?:token|secret))$/iu;
/** Annotations that hold a second copy of the whole object. */
const COPY = /(?:^|\/)last-applied(?:-|$)|^kapp\.k14s\.io\/original/u;
const NAMED_SETTINGS = ['configmaps'];
/** Lists without names whose values tell nothing. */
const PLAIN_LISTS = ['tolerations'];

/** Texts that are or hold a secret wherever they stand. No pattern looks further than its limit, however long the text is. */
const SECRET_TEXTS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/u,
  // Over HTTP a name alone is often a token; `ssh://git@host` tells nothing.
  /https?:\/\/[^\s/?#@]{1,1000}@/iu,
  /:\/\/[^\s/?#@:]{0,1000}:[^\s/?#]{1,1000}@/u,
  // A JSON Web Token (https://www.rfc-editor.org/rfc/rfc7519).
  /(?<![\w-])eyJ[\w-]{10,2000}\.eyJ[\w-]{10,2000}\./u,
  /\b(?:Bearer|Basic) [\w+/.~-]{16,2000}/u,
  /(?:^|\s)--?[\w-]{0,60}(?:passw|passphrase|token|secret|api-?key)[\w-]{0,60}[= ]\S/iu,
  // A setting in a file, a script or a connection string: `db.password=x`, `"clientSecret": "x"`. What stands for a
  // value that is elsewhere (`${X}`, `<x>`, `/path`) tells nothing.
  /(?:passw(?:or)?d|passphrase|pwd|(?:access|secret|private|api|account|encryption)[_.-]?key|token|secret)["']?[ \t]{0,8}(?::|=>?)[ \t]{0,8}["']?(?![\s"'`$<%{([*/=]|(?:true|false|null|nil)\b)\S/iu,
  /<[\w.:-]{0,60}(?:passw(?:or)?d|passphrase|secret|token)>[^<\s$]/iu,
  /\bmachine \S{1,200}\s{1,8}login \S{1,200}\s{1,8}password \S/u,
  /"auth"\s{0,8}:\s{0,8}"[\w+/=]{4}/u,
  // Programs whose flags don't tell what they are.
  /\bcurl\b[^\n]{0,500}\s(?:-u|--user)[ =]?["']?[^\s:"'$]{1,200}:[^\s"'$]/u,
  /\bmysql\w{0,20}\b[^\n]{0,500}\s-p[^\s"'$]/u,
  // Tokens of OpenShift, GitHub, GitLab and Slack have a form of their own.
  /\bsha256~[\w-]{20}|\b(?:gh[oprsu]_|github_pat_|glpat-|xox[abprs]-)[\w-]{16}/u,
];
/** An argument whose value is the next one. */
const SECRET_FLAG = /^--?[\w-]{0,60}(?:passw(?:or)?d|passphrase|token|secret|api-?key)$/iu;

/**
 * Whether a value may never be shown: by the secret rules for exports, so that what is redacted in one place
 * is not shown in another; and by names and texts that give a secret away.
 *
 * It judges this place only: of an object or list ask for every part of it too, and of a change for both
 * values.
 *
 * @param value what stands there; without it the answer is yes where it depends on the value
 */
export function isSecretField({ type }: ObjectIdentity, path: readonly Segment[], value?: Value): boolean {
  if (typeof value === 'string' && isSecretText(value)) return true;
  const last = path.at(-1);
  if ((last && 'key' in last && isSecretText(last.key)) || hasSecretArgument(value)) return true;
  return isUnderRule(type, path, value) || isNamedSecret(type, path, value);
}

/** Whether a text is or holds a secret wherever it stands, so that not even a path may show it. */
export function isSecretText(text: string): boolean {
  return SECRET_TEXTS.some((pattern) => pattern.test(text));
}

/** Whether a list is one of arguments of which one is secret, as in `--password x`: then none of them is shown. */
export function hasSecretArgument(value: Value | undefined): boolean {
  return (
    isList(value) &&
    value.some((element, index) => {
      const next = value[index + 1];
      return typeof element === 'string' && SECRET_FLAG.test(element) && next !== undefined;
    })
  );
}

function isUnderRule(type: string, path: readonly Segment[], value: Value | undefined): boolean {
  return SECRET_RULES.some(
    (rule) =>
      (rule.types === '*' || rule.types.includes(type)) &&
      rule.path.length <= path.length &&
      rule.path.every((step, index) => leadsTo(step, path[index])) &&
      mayHold(rule.when, rule.path, value),
  );
}

/** Elements that a condition chooses are all taken: what a path alone doesn't tell is rather hidden. */
function leadsTo(step: Step, segment: Segment | undefined): boolean {
  if (segment === undefined) return false;
  if (typeof step === 'string') return 'key' in segment && segment.key === step;
  if (typeof step === 'number') return !('index' in segment) || segment.index === step;
  if ('keys' in step) return 'key' in segment && step.keys.test(segment.key);
  return 'each' in step || !('key' in segment);
}

/** A condition on the value itself is judged; any other one is taken to hold. */
function mayHold(when: Condition | undefined, path: Path, value: Value | undefined): boolean {
  if (when === undefined || value === undefined || !('matches' in when) || when.field !== path) return true;
  return typeof value !== 'string' || when.matches.test(value);
}

function isNamedSecret(type: string, path: readonly Segment[], value: Value | undefined): boolean {
  if (path.some((segment) => 'key' in segment && COPY.test(segment.key))) return true;
  if (value !== undefined && typeof value !== 'string' && !isNumber(value)) return false;
  const last = path.findLast((segment) => 'key' in segment);
  if (last === undefined) return false;
  // Also in a list: the key is that of the list.
  if (SECRET_KEY.test(last.key)) return true;
  if (path.at(-1) !== last) return false;
  if (NAMED_SETTINGS.includes(type) && path.length === 2) return SECRET_NAME.test(last.key);
  return last.key === 'value' && isNamedByHolder(path.at(-3), path.at(-2));
}

/**
 * Of `env` and `parameters`, and what custom resources have like them: elements with a name and a value. An element
 * that is told apart by other fields can have a name as well, or one of these is it.
 */
function isNamedByHolder(list: Segment | undefined, holder: Segment | undefined): boolean {
  if (holder === undefined) return false;
  if ('key' in holder) return SECRET_KEY.test(holder.key);
  const name = 'match' in holder ? holder.match['name'] : undefined;
  if (name !== undefined) return SECRET_NAME.test(name);
  return list === undefined || !('key' in list && PLAIN_LISTS.includes(list.key));
}

/** Whether a field of this name may hold a secret, whatever its value is. */
export function isSecretName(key: string): boolean {
  return SECRET_KEY.test(key);
}

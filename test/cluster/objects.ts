/** https://tc39.es/proposal-json-parse-with-source/#sec-json.rawjson; TypeScript's es2024 doesn't know it yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** Any object of the Kubernetes API, as a test writes it. A `bigint` in it is sent as that integer. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

/** The part of an object's metadata that a test may name. */
export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/**
 * Characters that are legal in JSON and mean something else, or nothing, in YAML: line separators and
 * control characters (https://yaml.org/spec/1.1/#id868524). They are sent as escapes, which both understand.
 */
const UNLIKE_YAML = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/gu;

/**
 * An object as the JSON that is sent. JavaScript's numbers end at 2^53; a `bigint` doesn't.
 * Server-side apply reads every body as YAML, JSON included: a bare U+2028 would come back as a line break.
 */
export function jsonOf(object: unknown): string {
  const json = JSON.stringify(object, (_key, value: unknown) =>
    typeof value === 'bigint' ? rawJSON(String(value)) : value,
  );
  return json.replaceAll(UNLIKE_YAML, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return `\\u${code.padStart(4, '0')}`;
  });
}

/** `Deployment shop/web`, for messages. */
export function titleOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

import { parse } from 'yaml';
import type { KubernetesObject } from '../cluster/objects.ts';
import type { Parameter } from './template-list.ts';

interface Template {
  readonly parameters: readonly (Parameter & { readonly required?: boolean })[];
  readonly objects: readonly KubernetesObject[];
}

/**
 * What `oc process` makes of a template: texts in `${KEY}` are put in; what stands in `${{KEY}}` alone is JSON, or
 * a text if it is none, and `null` leaves the field out; a namespace without a parameter is removed.
 * https://github.com/openshift/oc/blob/28c5972ba7b08f848c5d2562e009a8b60e7a556a/vendor/github.com/openshift/library-go/pkg/template/templateprocessing/template.go#L40
 *
 * @throws Error when a parameter that is required has no value
 */
export function processTemplate(
  text: string,
  given: Readonly<Record<string, string>> = {},
): KubernetesObject[] {
  const template = parse(text) as Template;
  const values = new Map(template.parameters.map(({ name, value }) => [name, given[name] ?? value ?? '']));
  const missing = template.parameters.find(({ name, required }) => required === true && !values.get(name));
  if (missing) throw new Error(`the parameter ${missing.name} is required`);
  return template.objects.map((object) => {
    const { namespace, ...metadata } = object.metadata;
    const isKept = namespace?.includes('${') ?? false;
    return substituted({ ...object, metadata: isKept ? object.metadata : metadata }, values);
  }) as KubernetesObject[];
}

function substituted(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => substituted(item, values));
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, field]) => [key, substituted(field, values)] as const);
    return Object.fromEntries(fields.filter(([, field]) => field !== null));
  }
  if (typeof value !== 'string') return value;
  const whole = /^\$\{\{(?<name>\w+)\}\}$/u.exec(value)?.groups?.['name'];
  const json = whole === undefined ? undefined : values.get(whole);
  if (json !== undefined) return jsonOrText(json);
  return value.replaceAll(/\$\{(\w+)\}/gu, (match, name: string) => values.get(name) ?? match);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

import type { JsonDocument, JsonNode } from '../json/json-document.ts';
import { type ResourceType, typeName } from '../model/resource-type.ts';
import { find, holds } from './condition.ts';
import { SECRET_RULES } from './rules.ts';

/** Puts something else in the place of every secret value of an object. */
export type RedactObject = (document: JsonDocument, object: JsonNode) => void;

/**
 * The text that stands for a secret value. It must be another one for another value, and must not give the
 * value away.
 *
 * @param place where the value stands: the same value in two places has two texts
 * @param value the text; of anything else than a text, its JSON
 */
export type Fingerprint = (place: string, value: string) => string;

/**
 * Makes what redacts the objects of a type by the secret rules: names and keys stay, so that it can be seen
 * which secrets there are, and which have changed.
 */
export function redactorOf(
  type: Pick<ResourceType, 'plural' | 'group'>,
  fingerprint: Fingerprint,
): RedactObject {
  const name = typeName(type);
  const rules = SECRET_RULES.filter(({ types }) => types === '*' || types.includes(name));
  return (document, object) => {
    const metadata = document.member(object, 'metadata') ?? object;
    const [namespace, own] = ['namespace', 'name'].map((key) =>
      document.text(document.member(metadata, key)),
    );
    for (const { id, path, when } of rules) {
      const judged = { document, object, path };
      if (when && !holds(judged, object, when)) continue;
      const place = [name, namespace, own, id].join('\n');
      for (const node of find(judged, object, path))
        document.replace(
          node,
          JSON.stringify(fingerprint(place, document.text(node) ?? document.source(node))),
        );
    }
  };
}

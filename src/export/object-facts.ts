import { ITEM_DEPTH } from '../archive/layout.ts';
import type { JsonDocument, JsonNode } from '../json/json-document.ts';
import { TextBuffer } from '../json/text-buffer.ts';

const INDENT = `\n${'  '.repeat(ITEM_DEPTH + 1)}`;
/** What is told of who wrote a part of an object, how and when: `metadata.managedFields` without the fields. */
const MANAGER_KEYS = ['manager', 'operation', 'subresource', 'time'];
const OWNER_KEYS = ['apiVersion', 'kind', 'name'];

/**
 * What the server knows of an object beside its configuration: its uid, when it was made, who owns it, and
 * who wrote it when; and of an ImageStream the image that each tag leads to, which for a pushed image stands
 * nowhere else. Drift says by it who changed something; it is never compared itself.
 *
 * It is written from the bytes of the document: made of JavaScript values, the facts of an object would cost
 * as much as all the rest of it.
 */
export class FactsWriter {
  readonly #out = new TextBuffer(4096);

  /**
   * @returns an item of the list in `_facts/`, in canonical form: a view that is valid until the next call
   */
  write(document: JsonDocument, object: JsonNode): Uint8Array {
    const metadata = document.member(object, 'metadata') ?? object;
    const images = imagesOf(document, object);
    this.#out.clear();
    // In the order of the keys: this is canonical as it is.
    this.#out.add('{');
    this.#out.newLine(ITEM_DEPTH + 1, true);
    this.#out.addKey('apiVersion');
    this.#out.add('"openshift-backup.io/v1"');
    this.#string(document, document.member(metadata, 'creationTimestamp'), 'created');
    if (images.length > 0) {
      this.#key('images');
      this.#out.add(JSON.stringify(Object.fromEntries(images), undefined, 2).replaceAll('\n', INDENT));
    }
    this.#key('kind');
    this.#out.add('"Facts"');
    this.#list(document, document.member(metadata, 'managedFields'), 'managers', MANAGER_KEYS);
    this.#key('metadata');
    this.#object(document, metadata, ['name'], ITEM_DEPTH + 1);
    this.#list(document, document.member(metadata, 'ownerReferences'), 'owners', OWNER_KEYS);
    this.#string(document, document.member(metadata, 'uid'), 'uid');
    this.#out.newLine(ITEM_DEPTH, true);
    this.#out.add('}');
    return this.#out.view();
  }

  #key(key: string): void {
    this.#out.newLine(ITEM_DEPTH + 1, false);
    this.#out.addKey(key);
  }

  /** Writes a member, if there is such a string. */
  #string(document: JsonDocument, value: JsonNode | undefined, key: string): void {
    if (value === undefined || !document.isString(value)) return;
    this.#key(key);
    document.writeString(value, this.#out);
  }

  /** Writes a member with an array of objects, if there are some. */
  #list(document: JsonDocument, list: JsonNode | undefined, key: string, keys: readonly string[]): void {
    let element = list === undefined ? undefined : document.elementAfter(list);
    if (list === undefined || element === undefined) return;
    this.#key(key);
    this.#out.add('[');
    for (let isFirst = true; element !== undefined; isFirst = false) {
      this.#out.newLine(ITEM_DEPTH + 2, isFirst);
      this.#object(document, element, keys, ITEM_DEPTH + 2);
      element = document.elementAfter(list, element);
    }
    this.#out.newLine(ITEM_DEPTH + 1, true);
    this.#out.add(']');
  }

  /** Writes an object with those of the members that are strings and not empty. */
  #object(document: JsonDocument, object: JsonNode, keys: readonly string[], depth: number): void {
    let isEmpty = true;
    this.#out.add('{');
    for (const key of keys) {
      const value = document.member(object, key);
      if (value === undefined || !document.isString(value) || document.equals(value, '')) continue;
      this.#out.newLine(depth + 1, isEmpty);
      this.#out.addKey(key);
      document.writeString(value, this.#out);
      isEmpty = false;
    }
    if (!isEmpty) this.#out.newLine(depth, true);
    this.#out.add('}');
  }
}

/** The newest image of each tag of an ImageStream, sorted by tag; nothing for any other object. */
function imagesOf(document: JsonDocument, object: JsonNode): [tag: string, image: object][] {
  const tags = document.member(document.member(object, 'status') ?? object, 'tags');
  if (tags === undefined || document.member(object, 'spec') === undefined) return [];
  return [...document.elements(tags)]
    .flatMap((entry): [string, object][] => {
      const tag = document.text(document.member(entry, 'tag'));
      const [newest] = document.elements(document.member(entry, 'items') ?? entry);
      if (tag === undefined || newest === undefined) return [];
      const text = (key: string): string | undefined => document.text(document.member(newest, key));
      return [
        [
          tag,
          {
            created: text('created'),
            dockerImageReference: text('dockerImageReference'),
            image: text('image'),
          },
        ],
      ];
    })
    .toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
}

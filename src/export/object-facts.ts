import { ITEM_DEPTH } from '../archive/layout.ts';
import type { JsonDocument, JsonNode } from '../json/json-document.ts';

const INDENT = `\n${' '.repeat(2 * ITEM_DEPTH)}`;

/** Who wrote a part of an object, how and when (`metadata.managedFields` without the fields). */
interface Manager {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
}

/**
 * What the server knows of an object beside its configuration: its uid, when it was made, who owns it, and
 * who wrote it when; and of an ImageStream the image that each tag leads to, which for a pushed image stands
 * nowhere else. Drift says by it who changed something; it is never compared itself.
 *
 * @returns an item of the list in `_facts/`, in canonical form
 */
export function factsOf(document: JsonDocument, object: JsonNode): Uint8Array {
  const metadata = document.member(object, 'metadata') ?? object;
  const text = (key: string): string | undefined => document.text(document.member(metadata, key));
  const images = imagesOf(document, object);
  // In the order of the keys: this is canonical as it is.
  const facts = {
    apiVersion: 'openshift-backup.io/v1',
    created: text('creationTimestamp'),
    images: images.length === 0 ? undefined : Object.fromEntries(images),
    kind: 'Facts',
    managers: nonEmpty(partsOf(document, metadata, 'managedFields', managerOf)),
    metadata: { name: text('name') },
    owners: nonEmpty(partsOf(document, metadata, 'ownerReferences', ownerOf)),
    uid: text('uid'),
  };
  return Buffer.from(JSON.stringify(facts, undefined, 2).replaceAll('\n', INDENT));
}

function partsOf<T>(
  document: JsonDocument,
  metadata: JsonNode,
  key: string,
  read: (text: (name: string) => string | undefined) => T,
): T[] {
  const list = document.member(metadata, key);
  if (list === undefined) return [];
  return [...document.elements(list)].map((element) =>
    read((name) => document.text(document.member(element, name))),
  );
}

function managerOf(text: (name: string) => string | undefined): Manager {
  return Object.fromEntries(
    ['manager', 'operation', 'subresource', 'time'].flatMap((key) => {
      const value = text(key);
      return value === undefined || value === '' ? [] : [[key, value]];
    }),
  );
}

function ownerOf(text: (name: string) => string | undefined): object {
  return { apiVersion: text('apiVersion'), kind: text('kind'), name: text('name') };
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

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

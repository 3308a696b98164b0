import type { JsonDocument, JsonNode } from '../json/json-document.ts';
import type { Value } from './drift.ts';
import type { KeyPart, ListRule } from './list-rules.ts';
import { isSecretName } from './secret-fields.ts';
import { isEqual, isList, isMap } from './value.ts';

/** What the schema of a custom resource says of its lists; what leads to none of which it says something is not there. */
export interface ListSchema {
  /** Of a list. */
  readonly rule?: ListRule;
  /** Of a list: its elements. */
  readonly elements?: ListSchema;
  /** Of an object, by key. */
  readonly members?: ReadonlyMap<string, ListSchema>;
  /** Of an object: members that `members` doesn't name. */
  readonly others?: ListSchema;
}

/** What a definition says of one version of its type. */
export interface VersionSchema {
  readonly version: string;
  readonly lists: ListSchema | undefined;
}

/** What may be kept of schemas: so many parts of them. */
export interface SchemaRoom {
  partCount: number;
}

/** Deeper, a schema is not looked at. */
const DEPTH_MAX = 100;
/** Names in a path that mean something else. */
const RESERVED = new Set(['', '#']);

/**
 * Reads from a CustomResourceDefinition how lists are keyed, version by version. What is no schema is passed over.
 *
 * @param room gets less; what there is no room for is not there
 */
export function versionSchemas(definition: JsonDocument, room: SchemaRoom): VersionSchema[] {
  const spec = definition.member(definition.root, 'spec');
  const versions = spec === undefined ? undefined : definition.member(spec, 'versions');
  if (versions === undefined) return [];
  const reader = new SchemaReader(definition, room);
  return [...definition.elements(versions)].flatMap((node) => {
    const version = definition.textAt(node, 'name');
    const schema = reader.nodeAt(node, 'schema', 'openAPIV3Schema');
    if (version === undefined || schema === undefined) return [];
    return [{ version, lists: reader.read(schema, 0) }];
  });
}

class SchemaReader {
  readonly #document: JsonDocument;
  readonly #room: SchemaRoom;

  constructor(document: JsonDocument, room: SchemaRoom) {
    this.#document = document;
    this.#room = room;
  }

  nodeAt(node: JsonNode, ...keys: readonly string[]): JsonNode | undefined {
    let at: JsonNode | undefined = node;
    for (const key of keys) at = at === undefined ? undefined : this.#document.member(at, key);
    return at;
  }

  read(node: JsonNode | undefined, depth: number): ListSchema | undefined {
    if (node === undefined || depth > DEPTH_MAX || this.#room.partCount <= 0) return undefined;
    const rule = this.#rule(node);
    const elements = this.read(this.nodeAt(node, 'items'), depth + 1);
    const others = this.read(this.nodeAt(node, 'additionalProperties'), depth + 1);
    const members = this.#members(this.nodeAt(node, 'properties'), depth + 1);
    if (!rule && !elements && !others && members.size === 0) return undefined;
    this.#room.partCount--;
    return {
      ...(rule && { rule }),
      ...(elements && { elements }),
      ...(others && { others }),
      ...(members.size > 0 && { members }),
    };
  }

  #members(node: JsonNode | undefined, depth: number): Map<string, ListSchema> {
    const members = new Map<string, ListSchema>();
    if (node === undefined) return members;
    for (const [key, value] of this.#document.members(node)) {
      const [name, schema] = [this.#document.text(key), this.read(value, depth)];
      if (name !== undefined && schema) members.set(name, schema);
    }
    return members;
  }

  #rule(node: JsonNode): ListRule | undefined {
    const kind = this.#document.textAt(node, 'x-kubernetes-list-type');
    if (kind === 'set') return { isSet: true };
    if (kind !== 'map') return undefined;
    const names = this.nodeAt(node, 'x-kubernetes-list-map-keys') ?? node;
    const texts = [...this.#document.elements(names)].map((name) => this.#document.text(name) ?? '');
    // What names an element stands in the path of a change.
    if (texts.length === 0 || texts.some((text) => RESERVED.has(text) || isSecretName(text)))
      return undefined;
    return { keys: [...new Set(texts)].map((text) => this.#keyPart(node, text)) };
  }

  /** A key that is no required field has a default. */
  #keyPart(list: JsonNode, name: string): KeyPart {
    const usual = this.nodeAt(list, 'items', 'properties', name, 'default');
    const value = usual === undefined ? undefined : this.#document.value(usual);
    const text = ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
    return { path: [name], isOptional: false, usual: text };
  }
}

const DECLARED = new WeakMap<readonly Value[], ListRule>();

/** Remembers for the lists in a value what the schema says of them; `declaredRule` tells it. */
export function declareLists(value: Value | undefined, schema: ListSchema | undefined): void {
  if (value === undefined || schema === undefined) return;
  if (isList(value)) {
    if (schema.rule) DECLARED.set(value, schema.rule);
    if (schema.elements) for (const element of value) declareLists(element, schema.elements);
  } else if (isMap(value)) {
    for (const [key, member] of value) declareLists(member, schema.members?.get(key) ?? schema.others);
  }
}

/** What the schema says of a list of a custom resource; undefined if it says nothing, or nobody has read it. */
export function declaredRule(list: readonly Value[]): ListRule | undefined {
  return DECLARED.get(list);
}

/** Whether a list in two values is not the same one in both: only then it matters how it is keyed. */
export function haveOtherLists(before: Value | undefined, after: Value | undefined): boolean {
  if (isMap(before) && isMap(after)) {
    const keys = new Set([...before.keys(), ...after.keys()]);
    return [...keys].some((key) => haveOtherLists(before.get(key), after.get(key)));
  }
  if (isList(before) && isList(after)) return !isEqual(before, after);
  return [before, after].some(holdsList);
}

function holdsList(value: Value | undefined): boolean {
  return isList(value) || (isMap(value) && [...value.values()].some(holdsList));
}

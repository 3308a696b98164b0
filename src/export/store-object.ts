import { ITEM_DEPTH } from '../archive/layout.ts';
import type { CanonicalWriter } from '../json/canonical-writer.ts';
import type { JsonDocument, JsonNode } from '../json/json-document.ts';
import { TransportError } from '../kubernetes/api-error.ts';
import type { ResourceType } from '../model/resource-type.ts';
import { identityOf, prunerOf } from '../prune/prune-object.ts';
import { type Fingerprint, redactorOf } from '../prune/redact-object.ts';
import { FactsWriter } from './object-facts.ts';
import type { TypeSpool } from './type-spool.ts';

/** Puts one object of a list where it is kept until the list is whole; false for one that a rule leaves out. */
export type StoreObject = (document: JsonDocument, object: JsonNode) => boolean;

/**
 * Makes what puts the objects of one type into a spool, pruned and in canonical form.
 *
 * @param fingerprint given when secret values are not to be stored: the text that stands for one
 * @throws (when called) TransportError for something that can't be an object of this type
 */
export function storeInto(
  spool: TypeSpool,
  writer: CanonicalWriter,
  type: ResourceType,
  fingerprint?: Fingerprint,
): StoreObject {
  const identity = identityOf(type);
  const prune = prunerOf(type);
  const facts = new FactsWriter();
  const redact = fingerprint && redactorOf(type, fingerprint);
  const namespaceOf = namespaceReader();
  return (document, object) => {
    const metadata = document.member(object, 'metadata');
    const name = document.text(under(document, metadata, 'name'));
    const namespace = namespaceOf(document, metadata);
    if (name === undefined || name === '')
      throw new TransportError('', 'the list holds an object without a name');
    if (type.isNamespaced !== (namespace !== undefined)) {
      throw new TransportError(
        '',
        `the list holds an object with${type.isNamespaced ? 'out' : ''} a project: ${name}`,
      );
    }
    const project = isNamespaceType(type) ? name : namespace;
    const factsText = facts.write(document, object);
    const skipped = prune(document, object);
    if (skipped) {
      spool.leaveOut(project, skipped.id);
      return false;
    }
    redact?.(document, object);
    spool.add(project, name, writer.write(document, object, ITEM_DEPTH, identity), factsText);
    return true;
  };
}

/** Reads the namespace of one object after the other: a list is sorted by it, so that most need no new string. */
function namespaceReader(): (document: JsonDocument, metadata: JsonNode | undefined) => string | undefined {
  let last: string | undefined;
  return (document, metadata) => {
    const namespace = under(document, metadata, 'namespace');
    if (namespace === undefined || last === undefined || !document.equals(namespace, last))
      last = document.text(namespace);
    return last;
  };
}

function under(document: JsonDocument, node: JsonNode | undefined, key: string): JsonNode | undefined {
  return node === undefined ? undefined : document.member(node, key);
}

/** Whether the type is that of the Namespace objects, which lie in the folder of their project. */
export function isNamespaceType(type: ResourceType): boolean {
  return type.group === '' && type.plural === 'namespaces';
}

import type { ClusterObject } from '../copy.ts';
import { type Fields, objectsAt, textAt, textsAt, valueAt } from '../fields.ts';

/** Alternatives, any of which a node has to fulfil; undefined for every node. */
export type NodeTerms = readonly NodeTerm[] | undefined;

/** What a node has to fulfil, all of it. A term that asks nothing fits no node. */
export interface NodeTerm {
  readonly labels: readonly Requirement[];
  readonly fields: readonly Requirement[];
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Where a volume can be reached. */
export function volumeTerms(volume: ClusterObject | undefined): NodeTerms {
  const required = valueAt(volume, 'spec', 'nodeAffinity', 'required');
  if (required === undefined || required === null) return undefined;
  return objectsAt(required, 'nodeSelectorTerms').map((term) => ({
    labels: objectsAt(term, 'matchExpressions').map(requirement),
    fields: objectsAt(term, 'matchFields').map(requirement),
  }));
}

/** Where a storage class makes volumes; undefined for everywhere. */
export function classTerms(storageClass: ClusterObject | undefined): NodeTerms {
  const topologies = objectsAt(storageClass, 'allowedTopologies');
  if (topologies.length === 0) return undefined;
  return topologies.map((topology) => ({
    labels: objectsAt(topology, 'matchLabelExpressions').map((expression) => ({
      ...requirement(expression),
      operator: 'In',
    })),
    fields: [],
  }));
}

/**
 * Whether a node fulfils the terms, as the scheduler decides it
 * (https://github.com/kubernetes/kubernetes/blob/v1.34.4/staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go).
 */
export function fitsNode(terms: NodeTerms, node: ClusterObject): boolean {
  return (
    terms === undefined ||
    terms.some(
      ({ labels, fields }) =>
        labels.length + fields.length > 0 &&
        labels.every((one) => fulfils(one, labelOf(node, one.key))) &&
        fields.every((one) => fulfils(one, one.key === 'metadata.name' ? nameOf(node) : undefined)),
    )
  );
}

/**
 * Whether a node can be thought of that fulfils both, where no node can be looked at: false only when two demands
 * of the form `key In values` have no value in common, in every pairing.
 */
export function mayMeet(a: NodeTerms, b: NodeTerms): boolean {
  if (a === undefined || b === undefined) return true;
  return a.some((one) =>
    b.some((other) => agree(one.labels, other.labels) && agree(one.fields, other.fields)),
  );
}

/** The terms for a person: `topology.kubernetes.io/zone in a, b`. */
export function termsText(terms: NodeTerms): string {
  if (terms === undefined) return 'any node';
  const texts = terms.map(({ labels, fields }) =>
    [...labels, ...fields]
      .map(({ key, operator, values }) =>
        values.length === 0
          ? `${key} ${operator}`
          : `${key} ${operator === 'In' ? 'in' : operator} ${values.join(', ')}`,
      )
      .join(' and '),
  );
  return texts.filter((text) => text !== '').join(' or ') || 'no node';
}

function requirement(given: Fields): Requirement {
  return { key: textAt(given, 'key'), operator: textAt(given, 'operator'), values: textsAt(given, 'values') };
}

function fulfils({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return isBeyond(operator, value, values[0]);
  }
}

function isBeyond(operator: string, value: string | undefined, limit: string | undefined): boolean {
  if (!isInteger(value) || !isInteger(limit)) return false;
  if (operator === 'Gt') return BigInt(value) > BigInt(limit);
  return operator === 'Lt' && BigInt(value) < BigInt(limit);
}

function isInteger(text: string | undefined): text is string {
  return /^-?\d{1,20}$/u.test(text ?? '');
}

function agree(a: readonly Requirement[], b: readonly Requirement[]): boolean {
  return a.every((one) =>
    b.every(
      (other) =>
        one.key !== other.key ||
        one.operator !== 'In' ||
        other.operator !== 'In' ||
        one.values.some((value) => other.values.includes(value)),
    ),
  );
}

function labelOf(node: ClusterObject, key: string): string | undefined {
  const value = valueAt(node, 'metadata', 'labels', key);
  return typeof value === 'string' ? value : undefined;
}

function nameOf(node: ClusterObject): string {
  return textAt(node, 'metadata', 'name');
}

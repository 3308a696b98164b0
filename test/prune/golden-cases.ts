import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CanonicalWriter } from '../../src/json/canonical-writer.ts';
import { JsonDocument } from '../../src/json/json-document.ts';
import type { ResourceType } from '../../src/model/resource-type.ts';
import { applyReadyOf, identityOf, prunerOf } from '../../src/prune/prune-object.ts';

/** Where the pairs lie: `<type>/<case>.raw.json` and what becomes of it. */
export const GOLDEN = path.join(import.meta.dirname, 'golden');

/** An object as a server gave it, and its type. */
export interface GoldenCase {
  /** `<type>/<case>`. */
  readonly name: string;
  readonly type: ResourceType;
  readonly raw: string;
}

/** What becomes of an object, by the ends of the files' names; of one that is left out, only the rule. */
export interface Outcome {
  readonly '.stored.json'?: string;
  /** Only where it differs from what is stored. */
  readonly '.apply-ready.json'?: string;
  readonly '.skipped.txt'?: string;
}

/** All cases, in the order of their names. */
export function goldenCases(): GoldenCase[] {
  return globSync('*/*.raw.json', { cwd: GOLDEN })
    .toSorted()
    .map((file) => {
      const raw = readFileSync(path.join(GOLDEN, file), 'utf8');
      return { name: file.slice(0, -'.raw.json'.length), type: typeOf(path.dirname(file), raw), raw };
    });
}

/** Prunes an object, and makes it ready to be applied. */
export function outcomeOf({ type, raw }: GoldenCase): Outcome {
  const document = new JsonDocument(Buffer.from(raw));
  const skipped = prunerOf(type)(document, document.root);
  if (skipped) return { '.skipped.txt': `${skipped.id}\n` };
  const stored = written(document, type);
  const ready = applyReady(stored, type);
  return { '.stored.json': stored, ...(ready === stored ? {} : { '.apply-ready.json': ready }) };
}

/** What is applied of a stored object. */
export function applyReady(stored: string, type: ResourceType): string {
  const document = new JsonDocument(Buffer.from(stored));
  applyReadyOf(nameOf(type))(document, document.root);
  return written(document);
}

/** A document as canonical JSON, with the identity of a type if one is given. */
export function written(document: JsonDocument, type?: ResourceType): string {
  const identity = type ? identityOf(type) : [];
  return `${Buffer.from(new CanonicalWriter().write(document, document.root, 0, identity)).toString()}\n`;
}

function nameOf({ plural, group }: ResourceType): string {
  return group === '' ? plural : `${plural}.${group}`;
}

function typeOf(folder: string, raw: string): ResourceType {
  const [plural = '', ...group] = folder.split('.');
  const { apiVersion, kind } = JSON.parse(raw) as { apiVersion: string; kind: string };
  return {
    group: group.join('.'),
    version: apiVersion.split('/').at(-1) ?? '',
    plural,
    kind,
    isNamespaced: /"namespace": /u.test(raw),
    verbs: ['create', 'get', 'list'],
  };
}

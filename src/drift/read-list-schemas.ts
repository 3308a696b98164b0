import type { Archive } from '../archive/read-archive.ts';
import { JsonDocument } from '../json/json-document.ts';
import { CLUSTER_FOLDER } from '../model/manifest.ts';
import type { Value } from './drift.ts';
import {
  declareLists,
  haveOtherLists,
  type SchemaRoom,
  type VersionSchema,
  versionSchemas,
} from './list-schema.ts';
import { itemSource } from './read-items.ts';
import { scalarText, valueAt } from './value.ts';

const DEFINITIONS = `${CLUSTER_FOLDER}/customresourcedefinitions.apiextensions.k8s.io.json`;
/** About 20 MB. The definitions of an OpenShift cluster have a tenth of it, and only those of changed types are kept. */
const PARTS_MAX = 100_000;
/** The server's own groups with a dot in their names; those of custom resources have one too. */
const BUILT_IN = new Set(
  [
    'admissionregistration',
    'apiextensions',
    'apiregistration',
    'authentication',
    'authorization',
    'certificates',
    'coordination',
    'discovery',
    'events',
    'flowcontrol.apiserver',
    'internal.apiserver',
    'networking',
    'node',
    'rbac.authorization',
    'resource',
    'scheduling',
    'storage',
    'storagemigration',
  ].map((name) => `${name}.k8s.io`),
);

/**
 * How lists of custom resources are keyed, by the definitions in the archives. Those are read once, when a list of a
 * custom resource differs for the first time: on a large cluster they are tens of megabytes.
 */
export class DefinedLists {
  readonly #archives: readonly Archive[];
  readonly #types: ReadonlySet<string>;
  readonly #known = new Map<Archive, ReadonlyMap<string, readonly VersionSchema[]>>();
  readonly #room: SchemaRoom = { partCount: PARTS_MAX };

  /**
   * @param archives the newest first: what one doesn't define, the next may
   * @param types of which something can be asked
   */
  constructor(archives: readonly Archive[], types: ReadonlySet<string>) {
    this.#archives = archives;
    this.#types = types;
  }

  /**
   * Finds out how the lists in two versions of an object are keyed; `listRule` knows it from then on.
   *
   * @throws KnownError `failed` for an archive that is damaged
   */
  async declare(type: string, before: Value, after: Value): Promise<void> {
    if (!mayBeCustom(type) || !haveOtherLists(before, after)) return;
    const version = versionOf(after) ?? versionOf(before);
    for (const archive of this.#archives) {
      const schema = (await this.#schemasIn(archive)).get(type)?.find((one) => one.version === version);
      if (!schema) continue;
      for (const object of [before, after]) declareLists(object, schema.lists);
      return;
    }
  }

  async #schemasIn(archive: Archive): Promise<ReadonlyMap<string, readonly VersionSchema[]>> {
    const known = this.#known.get(archive);
    if (known) return known;
    const schemas = new Map<string, readonly VersionSchema[]>();
    for await (const item of itemSource(archive, [DEFINITIONS]).items(DEFINITIONS)) {
      const definition = documentOf(item);
      // A definition is named as `oc api-resources -o name` names its type.
      const type = definition?.textAt(definition.root, 'metadata', 'name') ?? '';
      if (definition && this.#types.has(type)) schemas.set(type, versionSchemas(definition, this.#room));
    }
    this.#known.set(archive, schemas);
    return schemas;
  }
}

/** Undefined for a definition that is no JSON, or nested too deeply: then nothing is known of its lists. */
function documentOf(item: Buffer): JsonDocument | undefined {
  try {
    return new JsonDocument(item);
  } catch {
    return undefined;
  }
}

function mayBeCustom(type: string): boolean {
  const group = type.slice(type.indexOf('.') + 1);
  return type.includes('.') && group.includes('.') && !BUILT_IN.has(group);
}

/** `v1` of `example.com/v1`. */
function versionOf(object: Value): string | undefined {
  return scalarText(valueAt(object, 'apiVersion'))?.split('/').at(-1);
}

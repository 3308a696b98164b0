/** One listable API resource, in the version in which it is read. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
  /** The versions in which the server offers to list the same objects besides this one, best first. */
  readonly otherVersions?: readonly string[];
}

/** The name as `oc api-resources -o name` writes it: `deployments.apps`, `configmaps`. */
export function typeName(type: Pick<ResourceType, 'plural' | 'group'>): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

/** The `apiVersion` of the type's objects: `apps/v1`, `v1`. */
export function apiVersion(type: Pick<ResourceType, 'group' | 'version'>): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

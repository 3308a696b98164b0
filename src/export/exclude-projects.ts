import type { ResourceType } from '../model/resource-type.ts';
import { isNamespaceType, type StoreObject } from './store-object.ts';

/**
 * Leaves out the objects of projects that are excluded, where a list is of the whole cluster. (A field
 * selector would spare the download, but not every server behind an APIService knows metadata.namespace.)
 */
export function excluding(
  store: StoreObject,
  type: ResourceType,
  isExcluded: ((project: string) => boolean) | undefined,
): StoreObject {
  if (!isExcluded) return store;
  const key = isNamespaceType(type) ? 'name' : 'namespace';
  return (document, object) => {
    const project = document.textAt(object, 'metadata', key);
    return project !== undefined && isExcluded(project) ? false : store(document, object);
  };
}

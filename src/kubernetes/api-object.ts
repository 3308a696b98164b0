import { TransportError } from './api-error.ts';

/** Any object of the API server as it sent it, with names for what is often read. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly apiVersion: string;
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller?: boolean;
    }[];
    readonly managedFields?: readonly { readonly manager?: string }[];
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  /** Of a ConfigMap. */
  readonly data?: Readonly<Record<string, string>>;
}

/** Which object, or which objects, a request is about. */
export interface ObjectRef {
  /** `v1`, or `apps/v1`. */
  readonly apiVersion: string;
  /** As it stands in the path: `persistentvolumeclaims`. */
  readonly plural: string;
  /** Undefined for what belongs to no project. */
  readonly namespace?: string;
  /** Undefined for all of them. */
  readonly name?: string;
  /** `scale`, `status`. */
  readonly subresource?: string;
}

/** The path of an object, or of a collection, from the root of the API. */
export function objectPath({ apiVersion, plural, namespace, name, subresource }: ObjectRef): string {
  const parts = [
    apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`,
    ...(namespace === undefined ? [] : ['namespaces', encodeURIComponent(namespace)]),
    plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return parts.join('/');
}

/**
 * Takes an answer for an object.
 *
 * @param path what was asked for, for the message
 * @throws TransportError when it is something else
 */
export function asObject(answer: unknown, path: string): ApiObject {
  const metadata = fields(fields(answer)['metadata']);
  if (typeof metadata['name'] === 'string') return answer as ApiObject;
  throw new TransportError('', `${path} did not answer with an object`);
}

/** One page of a list. */
export interface ObjectPage {
  readonly items: readonly ApiObject[];
  /** Empty on the last page. */
  readonly continueToken: string;
}

/**
 * Takes an answer for a page of a list. What the server leaves out of its items, their kind, is filled in.
 *
 * @throws TransportError when it is something else: a cut or foreign answer must never look like fewer objects
 */
export function asPage(answer: unknown, path: string): ObjectPage {
  const { kind, apiVersion, items, metadata } = fields(answer);
  if (typeof kind !== 'string' || !kind.endsWith('List') || items === undefined) {
    throw new TransportError('', `${path} did not answer with a list`);
  }
  const token = fields(metadata)['continue'];
  // Go writes a list that was never filled as null.
  const objects = items === null ? [] : (items as unknown[]);
  const common = { apiVersion, kind: kind.slice(0, -'List'.length) };
  return {
    items: objects.map((item) => ({ ...common, ...asObject(item, path) }) as ApiObject),
    continueToken: typeof token === 'string' ? token : '',
  };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

import * as z from 'zod/mini';
import { errorText, KnownError } from '../model/known-error.ts';
import {
  ARCHIVE_FORMAT,
  type FileRecord,
  type Gap,
  gapsOf,
  type Manifest,
  type ManifestHead,
} from '../model/manifest.ts';
import { ENTRY_PATH } from './entry-path.ts';

const count = z.int().check(z.gte(0));
const scope = z.string();
const readVersion = z.exactOptional(z.string());

const outcome = z.discriminatedUnion('result', [
  z.object({
    scope,
    result: z.literal('exported'),
    objectCount: count,
    resourceVersion: z.string(),
    readVersion,
  }),
  z.object({ scope, result: z.literal('empty'), resourceVersion: z.string(), readVersion }),
  z.object({ scope, result: z.literal('denied') }),
  z.object({ scope, result: z.literal('failed'), reason: z.string() }),
  z.object({ scope, result: z.literal('skipped'), rule: z.string(), reason: z.string() }),
]);

const typeRecord = z.object({
  type: z.string(),
  apiVersion: z.string(),
  kind: z.string(),
  isNamespaced: z.boolean(),
  outcomes: z.array(outcome),
  leftOut: z.exactOptional(z.array(z.object({ rule: z.string(), objectCount: count }))),
});

const names = z.array(z.string());

/** Archives of older versions have the first only. */
const options = z.object({
  namespaces: names,
  contextProject: z.exactOptional(z.string()),
  excludeNamespaces: z.exactOptional(names),
  selector: z.exactOptional(z.string()),
  include: z.exactOptional(names),
  exclude: z.exactOptional(names),
  require: z.exactOptional(names),
  secrets: z.exactOptional(z.enum(['include', 'redact', 'exclude'])),
  redactionKeyId: z.exactOptional(z.string()),
});

const fileRecord = z.object({
  path: z.string().check(z.regex(ENTRY_PATH)),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/u)),
  sizeBytes: count,
  objectCount: count,
});

const filesSchema = z.compile(z.array(fileRecord));

/** Compiled to one function: ten times as fast as zod's interpreter on a manifest of 20,000 files. */
const schema = z.compile(
  z.object({
    format: z.literal(ARCHIVE_FORMAT),
    tool: z.object({ name: z.string(), version: z.string() }),
    ruleSet: z.string(),
    cluster: z.object({ id: z.nullable(z.string()), serverVersion: z.string() }),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime(),
    isComplete: z.boolean(),
    options,
    types: z.array(typeRecord),
    files: z.array(fileRecord),
  }),
);

const versioned = z.object({ format: z.int().check(z.gte(1)) });

/**
 * Reads the text of `manifest.json`. Keys that this version does not know are ignored.
 *
 * @throws KnownError `failed` for what is not JSON, not a manifest, of a newer format, or contradicts itself
 */
export function parseManifest(text: string): Manifest {
  const value = jsonOf(text);
  const version = versioned.safeParse(value);
  if (!version.success) throw new KnownError('failed', 'manifest.json is not a manifest of openshift-backup');
  const { format } = version.data;
  if (format > ARCHIVE_FORMAT) {
    throw new KnownError(
      'failed',
      `manifest.json has format ${format}, made by a newer openshift-backup: update to read it`,
    );
  }
  const { data, error } = schema.safeParse(value);
  if (!data) throw new KnownError('failed', `manifest.json has a wrong or missing ${firstPlace(error)}`);
  const gap = contradictionOf(data);
  if (gap) {
    throw new KnownError(
      'failed',
      `manifest.json says complete, and names a gap: ${gap.type} (${gap.scope})`,
    );
  }
  return data;
}

/** A part of the list of files, if every one of them is as it should be. */
export function checkedFiles(value: unknown): readonly FileRecord[] | undefined {
  return filesSchema.safeParse(value).data;
}

/** A manifest whose list of files is empty, if there is nothing wrong with it. */
export function checkedHead(value: unknown): ManifestHead | undefined {
  const { data } = schema.safeParse(value);
  if (!data || data.files.length > 0 || contradictionOf(data)) return undefined;
  const { files: _none, ...head } = data;
  return head;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KnownError('failed', `manifest.json is not JSON: ${errorText(error)}`, { cause: error });
  }
}

/** The path of the first thing that is wrong, such as `files[3].sha256`. */
function firstPlace(error: z.core.$ZodError): string {
  const keys = error.issues[0]?.path ?? [];
  const place = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return place === '' ? 'value' : place.replace(/^\./u, '');
}

/** Complete means that there is no gap: an archive that says both is not to be trusted with either. */
function contradictionOf({ isComplete, types }: ManifestHead): Gap | undefined {
  return isComplete ? gapsOf(types)[0] : undefined;
}

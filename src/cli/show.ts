import { byteText } from '../model/text.ts';
import { ITEM_DEPTH, ITEM_SEPARATOR, LIST_HEAD, LIST_TAIL } from '../archive/layout.ts';
import { type Archive, openArchive } from '../archive/read-archive.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import { CanonicalWriter } from '../json/canonical-writer.ts';
import { JsonDocument, type JsonNode } from '../json/json-document.ts';
import { anyGlobMatcher } from '../model/glob.ts';
import { KnownError } from '../model/known-error.ts';
import { type FileRecord, type Manifest, objectFiles, type TypeRecord } from '../model/manifest.ts';
import { compareApplyOrder } from '../prune/apply-order.ts';
import { applyReadyOf } from '../prune/prune-object.ts';
import { COMPLETE } from './exit-code.ts';
import { ArchiveFinder } from './find-archive.ts';
import { type CommandInput, print } from './process-context.ts';
import { table } from './text.ts';

/** `openshift-backup show`: the content of an archive, the objects of a type, or one object. */
export async function show(
  input: CommandInput,
  [reference, object]: readonly string[],
  switches: ReadonlySet<string>,
): Promise<number> {
  const { path } = await new ArchiveFinder(input).find(reference ?? 'latest');
  const archive = await openArchive(path);
  const isApplyReady = switches.has('applyReady');
  try {
    const manifest = await archive.manifest();
    if (isApplyReady) refuseRedacted(manifest);
    if (object !== undefined)
      await print(input.process, await objects(input, archive, manifest, { wanted: object, isApplyReady }));
    else if (isApplyReady) await printApplyReady(input, archive, manifest);
    else await print(input.process, content(input, manifest));
    return COMPLETE;
  } finally {
    await archive.close();
  }
}

function refuseRedacted({ options }: Manifest): void {
  if (options.secrets === undefined || options.secrets === 'include') return;
  throw new KnownError(
    'refused',
    'The archive was made without secret values, so its objects cannot be applied: choose one that was made with --secrets include',
  );
}

/** Every object of the projects asked for, as one list in the order in which it can be applied. */
async function printApplyReady(input: CommandInput, archive: Archive, manifest: Manifest): Promise<void> {
  const files = objectFiles(manifest.files)
    .filter(({ path }) => isSelected(path, input.settings.namespaces))
    .map(({ path }) => ({ path, type: path.slice(path.indexOf('/') + 1, -'.json'.length) }))
    .toSorted((a, b) => compareApplyOrder(a.type, b.type));
  let separator: Uint8Array = LIST_HEAD;
  for (const { path, type } of files) {
    const document = new JsonDocument(await archive.read(path));
    for (const item of itemsOf(document)) {
      applyReadyOf(type)(document, item);
      const text = Buffer.concat([separator, new CanonicalWriter().write(document, item, ITEM_DEPTH)]);
      await print(input.process, text.toString('utf8'));
      separator = ITEM_SEPARATOR;
    }
  }
  if (separator === LIST_HEAD)
    throw new KnownError('usage', 'There is no object in the projects asked for: check -n');
  await print(input.process, LIST_TAIL.toString('utf8'));
}

function content({ output, settings }: CommandInput, manifest: Manifest): string {
  if (output === 'json') return canonicalJson(manifest);
  const files = objectFiles(manifest.files).filter(({ path }) => isSelected(path, settings.namespaces));
  const rows = files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, objectCount, sizeBytes }) => [path, String(objectCount), byteText(sizeBytes)]);
  return table(['FILE', 'OBJECTS', 'SIZE'], rows);
}

async function objects(
  input: CommandInput,
  archive: Archive,
  manifest: Manifest,
  { wanted, isApplyReady }: { readonly wanted: string; readonly isApplyReady: boolean },
): Promise<string> {
  const slash = wanted.indexOf('/');
  const typeText = slash === -1 ? wanted : wanted.slice(0, slash);
  const objectName = slash === -1 ? undefined : wanted.slice(slash + 1);
  const { type } = findType(manifest, typeText);
  const edit = isApplyReady ? applyReadyOf(type) : (): void => undefined;
  const files = objectFiles(manifest.files).filter(
    ({ path }) => path.endsWith(`/${type}.json`) && isSelected(path, input.settings.namespaces),
  );
  if (objectName === undefined) {
    const document = new JsonDocument(await archive.read(only(files, type, wanted).path));
    for (const item of itemsOf(document)) edit(document, item);
    return textOf(document, document.root);
  }
  const matches: { file: FileRecord; item: string }[] = [];
  for (const file of files) {
    const document = new JsonDocument(await archive.read(file.path));
    const item = findItem(document, objectName);
    if (item === undefined) continue;
    edit(document, item);
    matches.push({ file, item: textOf(document, item) });
  }
  const file = only(
    matches.map((match) => match.file),
    type,
    wanted,
  );
  return matches.find((match) => match.file === file)?.item ?? '';
}

/** A type by its full name, its plural, or its kind in any case. */
function findType({ types }: Manifest, text: string): TypeRecord {
  const lower = text.toLowerCase();
  const exact = types.filter(({ type }) => type === lower);
  const matches =
    exact.length > 0
      ? exact
      : types.filter(({ type, kind }) => type.split('.', 1)[0] === lower || kind.toLowerCase() === lower);
  const [first] = matches;
  if (first && matches.length === 1) return first;
  if (!first)
    throw new KnownError(
      'usage',
      `The archive knows no type ${text}: "openshift-backup show ARCHIVE" lists what it holds`,
    );
  const exported = matches.filter(({ outcomes }) => outcomes.some(({ result }) => result === 'exported'));
  if (exported.length === 1 && exported[0]) return exported[0];
  throw new KnownError(
    'usage',
    `${text} can mean several types: ${matches.map(({ type }) => type).join(', ')}`,
  );
}

function findItem(document: JsonDocument, name: string): JsonNode | undefined {
  return itemsOf(document).find((item) => {
    return document.textAt(item, 'metadata', 'name') === name;
  });
}

function itemsOf(document: JsonDocument): JsonNode[] {
  return [...document.elements(document.member(document.root, 'items') ?? document.root)];
}

function textOf(document: JsonDocument, node: JsonNode): string {
  return `${Buffer.from(new CanonicalWriter().write(document, node, 0)).toString('utf8')}\n`;
}

function only(files: readonly FileRecord[], type: string, wanted: string): FileRecord {
  const [first] = files;
  if (!first)
    throw new KnownError('usage', `There is no ${wanted} in the archive (in the projects asked for)`);
  if (files.length === 1) return first;
  const projects = files.map(({ path }) => path.slice(0, -`/${type}.json`.length));
  throw new KnownError(
    'usage',
    `${wanted} is in ${files.length} projects, choose one with -n: ${projects.slice(0, 10).join(', ')}${files.length > 10 ? ', …' : ''}`,
  );
}

function isSelected(path: string, projects: readonly string[]): boolean {
  return projects.length === 0 || anyGlobMatcher(projects)(path.split('/', 1)[0] ?? '');
}

import { resolveArchive } from '../archive/catalog.ts';
import { type Archive, openArchive } from '../archive/read-archive.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import { CanonicalWriter } from '../json/canonical-writer.ts';
import { JsonDocument } from '../json/json-document.ts';
import { KnownError } from '../model/known-error.ts';
import { CLUSTER_FOLDER, type FileRecord, type Manifest, type TypeRecord } from '../model/manifest.ts';
import { COMPLETE } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { byteText, table } from './text.ts';

/** `openshift-backup show`: the content of an archive, the objects of a type, or one object. */
export async function show(input: CommandInput, [reference, object]: readonly string[]): Promise<number> {
  const { path } = await resolveArchive(input.settings.dir, reference ?? 'latest');
  const archive = await openArchive(path);
  try {
    const manifest = await archive.manifest();
    const text =
      object === undefined ? content(input, manifest) : await objects(input, archive, manifest, object);
    await print(input.process, text);
    return COMPLETE;
  } finally {
    await archive.close();
  }
}

function content({ output, settings }: CommandInput, manifest: Manifest): string {
  if (output === 'json') return canonicalJson(manifest);
  const files = manifest.files.filter(({ path }) => isSelected(path, settings.namespaces));
  const rows = files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, objectCount, sizeBytes }) => [path, String(objectCount), byteText(sizeBytes)]);
  return table(['FILE', 'OBJECTS', 'SIZE'], rows);
}

async function objects(
  input: CommandInput,
  archive: Archive,
  manifest: Manifest,
  wanted: string,
): Promise<string> {
  const slash = wanted.indexOf('/');
  const typeText = slash === -1 ? wanted : wanted.slice(0, slash);
  const objectName = slash === -1 ? undefined : wanted.slice(slash + 1);
  const { type } = findType(manifest, typeText);
  const files = manifest.files.filter(
    ({ path }) => path.endsWith(`/${type}.json`) && isSelected(path, input.settings.namespaces),
  );
  if (objectName === undefined) return (await archive.read(only(files, type, wanted).path)).toString('utf8');
  const matches: { file: FileRecord; item: string }[] = [];
  for (const file of files) {
    const item = findItem(await archive.read(file.path), objectName);
    if (item !== undefined) matches.push({ file, item });
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

/** The object of that name, as it stands in the archive but for the indent. */
function findItem(entry: Buffer, name: string): string | undefined {
  const document = new JsonDocument(entry);
  for (const item of document.elements(document.member(document.root, 'items') ?? document.root)) {
    const metadata = document.member(item, 'metadata') ?? item;
    if (document.text(document.member(metadata, 'name')) !== name) continue;
    return `${Buffer.from(new CanonicalWriter().write(document, item, 0)).toString('utf8')}\n`;
  }
  return undefined;
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
  const folder = path.split('/', 1)[0] ?? '';
  return (
    projects.length === 0 ||
    projects.includes(folder) ||
    (folder === CLUSTER_FOLDER && projects.includes('*'))
  );
}

import { byteText, counted, safeText } from '../model/text.ts';
import { type CatalogEntry, readCatalog } from '../archive/catalog.ts';
import { COMPLETE } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { ageText, table } from './text.ts';

/** `openshift-backup list`: the archives, newest first. */
export async function list({ process, settings, output }: CommandInput): Promise<number> {
  const entries = await readCatalog(settings.dir);
  if (entries.length === 0 && output === 'table') {
    process.stderr.write(`No archives in ${settings.dir}: "openshift-backup run" makes one\n`);
    return COMPLETE;
  }
  await print(process, rendered(entries, output));
  return COMPLETE;
}

function rendered(entries: readonly CatalogEntry[], output: CommandInput['output']): string {
  if (output === 'name') return entries.map(({ name }) => `${name.file}\n`).join('');
  if (output === 'json') return `${JSON.stringify(entries.map(summary), null, 2)}\n`;
  const now = Date.now();
  const rows = entries.map((entry) => {
    const { file, startedAt, objectCount, sizeBytes, state } = summary(entry);
    return [
      file,
      ageText(now - Date.parse(startedAt)),
      byteText(sizeBytes),
      String(objectCount ?? '-'),
      state,
    ];
  });
  return table(['ARCHIVE', 'AGE', 'SIZE', 'OBJECTS', 'STATE'], rows);
}

interface Summary {
  readonly file: string;
  readonly startedAt: string;
  readonly sizeBytes: number;
  readonly objectCount: number | null;
  readonly projectCount: number | null;
  readonly state: string;
}

function summary({ name, sizeBytes, state }: CatalogEntry): Summary {
  const known = state.kind === 'complete' || state.kind === 'incomplete' ? state : undefined;
  return {
    file: name.file,
    startedAt: name.startedAt.toISOString(),
    sizeBytes,
    objectCount: known?.objectCount ?? null,
    projectCount: known?.projectCount ?? null,
    state: stateText(state),
  };
}

function stateText(state: CatalogEntry['state']): string {
  switch (state.kind) {
    case 'complete':
      return 'complete';
    case 'incomplete':
      return `incomplete (${counted(state.gapCount, 'gap')})`;
    case 'original':
      return 'made by the original openshift-backup';
    case 'unreadable':
      return `unreadable: ${safeText(state.reason)}`;
  }
}

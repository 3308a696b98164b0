import { safeText } from '../model/text.ts';
import { lstat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { volumeError } from '../archive/volume.ts';
import type { Settings } from '../config/options.ts';
import { KnownError, systemErrorCode } from '../model/known-error.ts';
import { readReport } from '../report/read-report.ts';
import { reportPage } from '../report/report-page.ts';
import { readFacts } from '../status/folder-facts.ts';
import { replaceFile } from '../status/hidden-files.ts';
import { COMPLETE } from './exit-code.ts';
import { ignoreRules } from './ignore-rules.ts';
import { type CommandInput, print } from './process-context.ts';
import { toolVersion } from './tool-version.ts';
import { viewpointOf } from './viewpoint.ts';

/** The report's name beside the archives. */
export const REPORT_FILE = 'report.html';

/** `openshift-backup report`: what changed night by night, as one HTML file. */
export async function report({ process, settings, output }: CommandInput): Promise<number> {
  const text = await reportText(settings, (line) => process.stderr.write(`${safeText(line)}\n`));
  if (output === 'html') {
    await print(process, text);
    return COMPLETE;
  }
  const path = settings.outputFile === '' ? join(settings.dir, REPORT_FILE) : settings.outputFile;
  await writeReport(path, text);
  await print(process, `${path}\n`);
  return COMPLETE;
}

/** Writes the report beside the archives. `warn` is told of what is not as it should be, in one line. */
export async function writeFolderReport(settings: Settings, warn: (line: string) => void): Promise<void> {
  await writeReport(join(settings.dir, REPORT_FILE), await reportText(settings, warn));
}

async function reportText(settings: Settings, warn: (line: string) => void): Promise<string> {
  const rules = await ignoreRules(settings.ignoreFiles, true, warn);
  try {
    const facts = await readFacts(settings.dir);
    const found = await readReport({
      dir: settings.dir,
      backup: settings.name,
      facts,
      viewpoint: viewpointOf(settings, new Date()),
      rules,
      toolVersion: toolVersion(),
    });
    if (facts.problem !== undefined) warn(`warning: ${facts.problem}`);
    return reportPage(found);
  } catch (error) {
    throw volumeError(error, settings.dir, 'usage');
  }
}

/** As a whole: a reader sees the old report or the new one. */
async function writeReport(path: string, text: string): Promise<void> {
  await refuseOthers(path);
  try {
    await replaceFile(dirname(path), basename(path), text);
  } catch (error) {
    throw volumeError(error, dirname(path), 'failed');
  }
}

/** A device or a folder must not be replaced by a file. */
async function refuseOthers(path: string): Promise<void> {
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw volumeError(error, dirname(path), 'usage');
  }
  throw new KnownError(
    'usage',
    `${path} is no file: name another with --output-file, or print the report with -o html`,
  );
}

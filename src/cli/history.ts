import { counted, safeText } from '../model/text.ts';
import { type HistoryRequest, type HistoryResult, writeHistory } from '../history/write-history.ts';
import { KnownError } from '../model/known-error.ts';
import { COMPLETE, FAILED } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';

/** `openshift-backup history`: each archive as a commit of a git repository. */
export async function history(input: CommandInput): Promise<number> {
  const { settings, process, output } = input;
  const { git } = settings;
  if (git === '')
    throw new KnownError(
      'usage',
      'Name the folder of the git repository with --git: it is made if it is missing',
    );
  const result = await updateHistory(input, ({ archive, subject }) => {
    if (process.stderr.isTTY === true) process.stderr.write(`${safeText(`${archive}: ${subject}`)}\n`);
  });
  for (const { archive, problem } of result.damaged)
    process.stderr.write(`${safeText(`${archive} is damaged and not in the history: ${problem}`)}\n`);
  for (const archive of result.late)
    process.stderr.write(
      `${safeText(`${archive} is older than the newest commit, and the history only grows at its end: left out`)}\n`,
    );
  await print(process, rendered(output, git, result));
  return result.damaged.length === 0 ? COMPLETE : FAILED;
}

/**
 * Adds every archive that is new to the repository that the settings name.
 *
 * @throws KnownError when there is no git, or the repository can't be one of archives
 */
export async function updateHistory(
  { settings, process }: CommandInput,
  onCommit: HistoryRequest['onCommit'],
): Promise<HistoryResult> {
  return await writeHistory({
    dir: settings.dir,
    backup: settings.name,
    repository: settings.git,
    author: settings.gitAuthor,
    redactionKey: settings.redactionKey,
    programs: process.environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    signal: process.signal,
    onCommit,
  });
}

function rendered(output: CommandInput['output'], repository: string, result: HistoryResult): string {
  if (output === 'json') return `${JSON.stringify({ repository, ...result }, null, 2)}\n`;
  const lines = result.commits.map(({ archive, subject }) => safeText(`${archive}  ${subject}`));
  const head =
    lines.length === 0
      ? 'Nothing is new'
      : `${counted(lines.length, 'archive')} new in ${safeText(repository)}`;
  return `${[head, ...lines].join('\n')}\n`;
}

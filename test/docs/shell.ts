import type { Fence } from './markdown.ts';

const SHELLS = ['', 'sh', 'bash', 'shell', 'console'];
const TOKEN =
  /(?<comment>(?<=^|\s)#.*)|(?<operator>[|;&()\n]+)|(?<redirect>\d*(?:>>?|<)(?<copy>&\d)?)|(?<word>(?:"(?:\\.|[^"\\])*"|'[^']*'|\$\([^)]*\)|\\.|[^\s"'\\|;&()<>])+)/gu;
/** What may stand before a command. */
const PREFIX = /^(?:\w+=.*|do|then|else|!|time)$/u;

/** The commands in a fenced block of shell: those behind a prompt `$` where there is one, else all lines. */
export function commandsIn({ language, text }: Fence): string[][] {
  if (!SHELLS.includes(language)) return [];
  const lines = text.replaceAll(/\\\n\s*/gu, '').split('\n');
  const prompted = lines.filter((line) => /^\s*\$ /u.test(line));
  return (prompted.length > 0 ? prompted : lines).flatMap((line) =>
    simpleCommands(line.replace(/^\s*\$ /u, '')),
  );
}

/**
 * The words of each command in a line of shell, quotes removed. Of redirections, pipes, comments and what is
 * set before a command nothing is left; variables and `$(…)` stay as they are.
 */
export function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  let isTarget = false;
  for (const { groups = {} } of line.matchAll(TOKEN)) {
    const { operator, redirect, copy, word } = groups;
    if (operator !== undefined) commands.push([]);
    if (word !== undefined && !isTarget) commands.at(-1)?.push(unquoted(word));
    isTarget = redirect !== undefined && copy === undefined;
  }
  return commands.map(withoutPrefix).filter((words) => words.length > 0);
}

function withoutPrefix(words: readonly string[]): string[] {
  const start = words.findIndex((word) => !PREFIX.test(word));
  return start < 0 ? [] : words.slice(start);
}

function unquoted(word: string): string {
  return word.replaceAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gu, (_, double, single, escaped) =>
    String(double ?? single ?? escaped),
  );
}

import { styleText } from 'node:util';
import { KnownError } from '../../src/model/known-error.ts';
import type { Ended, Workshop } from './workshop.ts';

/** A command line, what it must do, and how much of it is seen. */
export interface Scene {
  /** What it must exit with; default 0. */
  readonly code?: number;
  /** What its output must match. */
  readonly expect?: RegExp;
  /** So many lines are printed from the output's beginning and from its end; default: all. */
  readonly lines?: Excerpt;
}

/** How many lines from the beginning and from the end of an output. */
export type Excerpt = readonly [first: number, last: number];

/** Where the demonstration speaks and acts. */
export interface Stage {
  readonly title: (text: string) => void;
  readonly say: (text: string) => void;
  /** Prints a command line, runs it, and prints its output. @returns that output, whole @throws KnownError when it did otherwise */
  readonly play: (commandLine: string, scene?: Scene) => Promise<string>;
  /** Where the command lines run; also those that nobody needs to see. */
  readonly workshop: Workshop;
}

const LOG_LINES: Excerpt = [3, 1];

/** A stage on standard output; colours only where they are wanted (a terminal, NO_COLOR, FORCE_COLOR). */
export function openStage(workshop: Workshop): Stage {
  return {
    workshop,
    title: (text) => print(`\n${styled('bold', text)}`),
    say: (text) => print(text),
    async play(commandLine, scene = {}) {
      print(`${styled('cyan', '$')} ${styled('bold', commandLine)}`);
      const ended = await workshop.run(commandLine);
      for (const line of excerpt(ended.stderr, LOG_LINES)) print(line);
      for (const line of excerpt(ended.stdout, scene.lines)) print(coloured(line));
      check(commandLine, ended, scene);
      return ended.stdout;
    },
  };
}

/** The first and last lines of a text, and between them a line that says how many are left out. */
export function excerpt(text: string, [first, last]: Excerpt = [Infinity, 0]): string[] {
  const lines = text === '' ? [] : text.replace(/\n$/u, '').split('\n');
  // A line that says "one more line" is no shorter than that line.
  if (lines.length <= first + last + 1) return lines;
  const omitted = `  … ${lines.length - first - last} more lines …`;
  return [...lines.slice(0, first), omitted, ...lines.slice(lines.length - last)];
}

function check(commandLine: string, { code, stdout }: Ended, { code: wanted = 0, expect }: Scene): void {
  if (code !== wanted)
    throw new KnownError('failed', `"${commandLine}" should exit with ${wanted}, and exited with ${code}`);
  if (expect !== undefined && !expect.test(stdout))
    throw new KnownError('failed', `"${commandLine}" should print something that matches ${String(expect)}`);
}

/** What diff has found missing is red, and what is new is green. */
function coloured(line: string): string {
  if (line.startsWith('< ')) return styled('red', line);
  if (line.startsWith('> ')) return styled('green', line);
  return line.startsWith('  … ') ? styled('dim', line) : line;
}

function styled(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stdout });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

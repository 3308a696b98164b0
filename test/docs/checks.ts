import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { commandLineProblem, toolArguments } from './command-lines.ts';
import { targetsAskedFor, targetsOf } from './make-targets.ts';
import { type Markdown, readMarkdown } from './markdown.ts';
import { commandsIn, simpleCommands } from './shell.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** What is wrong with the command lines of the tool that a text shows. */
export async function commandLineProblems(markdown: Markdown): Promise<string[]> {
  const calls = commandsShown(markdown).map(toolArguments);
  const problems = await Promise.all(calls.filter((args) => args !== undefined).map(commandLineProblem));
  return problems.filter((problem) => problem !== undefined);
}

/** The targets of make that a text names and the Makefile has not. */
export function missingTargets(markdown: Markdown, makefile: string): string[] {
  const targets = targetsOf(makefile);
  return commandsShown(markdown)
    .flatMap(targetsAskedFor)
    .filter((target) => !targets.has(target));
}

/** Links, from the project's folder, to files and headings that there are not. */
export function brokenLinks({ links, anchors }: Markdown): string[] {
  return links
    .filter((link) => !/^[a-z]+:/u.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#', 2);
      const target = path.join(ROOT, decodeURIComponent(file));
      if (!existsSync(target)) return true;
      if (anchor === undefined || (file !== '' && !file.endsWith('.md'))) return false;
      const there = file === '' ? anchors : readMarkdown(readFileSync(target, 'utf8')).anchors;
      return !there.has(anchor);
    });
}

/** The code spans that name a file of the project which is not there. */
export function missingFiles(codeSpans: readonly string[]): string[] {
  return codeSpans
    .filter((text) => /^(?:src|test|openshift)\/[\w./-]*$/u.test(text))
    .filter((file) => !existsSync(path.join(ROOT, file)));
}

/** Whether one of the headings is that of a version: `0.1.0`, `v0.1.0`, `[0.1.0] - 2026-11-21`. */
export function hasVersion(headings: readonly string[], version: string): boolean {
  return headings.some(
    (heading) => heading.split(/[\s[\]()]+/u).includes(version) || heading === `v${version}`,
  );
}

/** Commands in fenced blocks, and those of the tool that stand in a sentence. */
function commandsShown({ fences, codeSpans }: Markdown): string[][] {
  return [...fences.flatMap(commandsIn), ...codeSpans.flatMap(simpleCommands)];
}

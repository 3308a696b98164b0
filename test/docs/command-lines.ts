import { Writable } from 'node:stream';
import { EXIT_CODES } from '../../src/cli/exit-code.ts';
import type { ProcessContext } from '../../src/cli/process-context.ts';
import { runProgram } from '../../src/cli/program.ts';
import { KnownError } from '../../src/model/known-error.ts';

const TOOL = 'openshift-backup';
const PARSED = 'the command line has been parsed';
const REFUSED = 5;

/** The arguments that a command gives to the tool, however it is started; undefined for another command. */
export function toolArguments(words: readonly string[]): readonly string[] | undefined {
  const [command, ...args] = words;
  const behind = args.indexOf('--');
  const inner = behind < 0 ? [] : args.slice(behind + 1);
  if (command === TOOL) return args;
  if (command === 'npm' && args[0] === 'start') return inner;
  return inner[0] === TOOL ? inner.slice(1) : undefined;
}

/**
 * What is wrong with a command line, by the tool's own parser; undefined when nothing is. Nothing is run: the
 * program is stopped when it asks for its environment, which it does when it has parsed the command line.
 */
export async function commandLineProblem(args: readonly string[]): Promise<string | undefined> {
  const output: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      output.push(String(chunk));
      done();
    },
  });
  const context: ProcessContext = {
    stdout: stream,
    stderr: stream,
    signal: AbortSignal.abort(),
    get environment(): never {
      throw new KnownError('refused', PARSED);
    },
  };
  const code = await runProgram(args, context);
  const text = output.join('');
  if (code === REFUSED && text.includes(PARSED)) return undefined;
  if (code === 0 && args.some((arg) => arg === '--help' || arg === '-h')) return undefined;
  const meaning = EXIT_CODES.find((known) => known.code === code)?.meaning ?? 'unknown';
  return `${[TOOL, ...args].join(' ')}: exit code ${code} (${meaning}): ${text.split('\n', 1)[0] ?? ''}`;
}

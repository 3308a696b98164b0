import { Command, CommanderError, Option as Flag } from 'commander';
import type { GivenFlags } from '../config/load-settings.ts';
import { type Option, OPTIONS } from '../config/options.ts';
import { KnownError } from '../model/known-error.ts';
import type { CommandSpec } from './command-spec.ts';
import { COMMANDS } from './commands.ts';
import { COMPLETE, EXIT_CODES, exitCodeOf, Interruption } from './exit-code.ts';
import type { OutputFormat, ProcessContext } from './process-context.ts';
import { readSettings } from './read-settings.ts';
import { toolVersion } from './tool-version.ts';
import { GROUPS } from './volumes-commands.ts';

const WRONG_USAGE = 2;

/**
 * Runs the tool with its arguments (without `node` and the script).
 *
 * @returns the exit code; known errors are printed as one line, unknown ones whole
 */
export async function runProgram(args: readonly string[], context: ProcessContext): Promise<number> {
  let code = COMPLETE;
  const program = buildProgram(context, (result) => (code = result));
  try {
    await program.parseAsync([...withDefaultCommand(args)], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed its message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? COMPLETE : WRONG_USAGE;
    context.stderr.write(`${message(error)}\n`);
    return exitCodeOf(error);
  }
}

/** `openshift-backup` alone, or with options only, means `run`, as it did in the original. */
function withDefaultCommand(args: readonly string[]): readonly string[] {
  const [first] = args;
  const isGlobal = first === '--help' || first === '-h' || first === '--version' || first === '-V';
  return first === undefined || (first.startsWith('-') && !isGlobal) ? ['run', ...args] : args;
}

function buildProgram(context: ProcessContext, onResult: (code: number) => void): Command {
  const program = new Command('openshift-backup')
    .description('Writes down every night, per project, what every object of a cluster is configured to be.')
    .version(toolVersion())
    .exitOverride()
    .showHelpAfterError('(--help shows the options)')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    });
  for (const spec of COMMANDS) {
    const command = commandFor(program, spec.name)
      .description(spec.description)
      .addHelpText('after', exitCodeHelp());
    for (const argument of spec.arguments ?? []) command.argument(argument.name, argument.help);
    for (const option of OPTIONS.filter(({ key }) => spec.options.includes(key)))
      command.addOption(flagOf(option));
    for (const { flags, help } of spec.switches ?? []) command.option(flags, help);
    if (spec.outputs) command.addOption(outputFlag(spec.outputs));
    command.action(async (...received: unknown[]) => {
      onResult(await perform(spec, command, received.slice(0, spec.arguments?.length ?? 0), context));
    });
  }
  return program.addHelpText('after', exitCodeHelp());
}

/** Makes a command; one of two words in its group, which is made with the first of them. */
function commandFor(program: Command, name: string): Command {
  const [first = '', second] = name.split(' ');
  if (second === undefined) return program.command(first).copyInheritedSettings(program);
  const known = program.commands.find((group) => group.name() === first);
  const group = known ?? program.command(first).copyInheritedSettings(program);
  return group
    .description(GROUPS[first] ?? '')
    .command(second)
    .copyInheritedSettings(program);
}

async function perform(
  spec: CommandSpec,
  command: Command,
  args: readonly unknown[],
  context: ProcessContext,
): Promise<number> {
  const given: Record<string, unknown> = command.opts();
  const flags: GivenFlags = {};
  for (const option of OPTIONS) {
    const value = given[flagOf(option).attributeName()];
    if (value !== undefined) flags[option.key] = [value].flat().map(String);
  }
  const settings = await readSettings(flags, context.environment, spec.options);
  const usual: OutputFormat = spec.outputs?.[0] ?? 'table';
  const fallback = context.stdout.isTTY === true ? usual : (spec.pipedOutput ?? usual);
  const output = (given['output'] as OutputFormat | undefined) ?? fallback;
  const switches = new Set(Object.keys(given).filter((key) => given[key] === true));
  const execute = await spec.load();
  return await execute(
    { process: context, settings, output },
    args.flat().filter((arg) => typeof arg === 'string'),
    switches,
  );
}

function flagOf({ flag, short, placeholder, env, configKey, defaultText, help, type }: Option): Flag {
  const notes = [
    ...(env === undefined ? [] : [`environment: ${env}`]),
    ...(configKey === undefined ? [] : [`in the config file: ${configKey}`]),
    ...(defaultText === '' ? [] : [`default: ${defaultText}`]),
  ];
  const names = `${short === undefined ? '' : `${short}, `}${flag} <${placeholder}>`;
  const option = new Flag(names, notes.length === 0 ? help : `${help} (${notes.join('; ')})`);
  if (type === 'list')
    option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return option;
}

function outputFlag(outputs: readonly OutputFormat[]): Flag {
  return new Flag('-o, --output <format>', 'how the result is printed').choices(outputs);
}

function exitCodeHelp(): string {
  const lines = EXIT_CODES.map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
  return `\nExit codes:\n${lines.join('\n')}\n`;
}

function message(error: unknown): string {
  if (error instanceof KnownError || error instanceof Interruption) return `error: ${error.message}`;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this is a defect of openshift-backup, please report it: ${text}`;
}

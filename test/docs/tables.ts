import type { CommandSpec } from '../../src/cli/commands.ts';
import type { ExitCode } from '../../src/cli/exit-code.ts';
import type { Option } from '../../src/config/options.ts';

/** A Markdown table of the options. */
export function optionsTable(options: readonly Option[]): string {
  const rows = options.map(({ flag, short, placeholder, env, configKey, defaultText, help }) => [
    [...(short === undefined ? [] : [code(short)]), code(`${flag} <${placeholder}>`)].join(', '),
    env === undefined ? '' : code(env),
    configKey === undefined ? '' : code(configKey),
    defaultText === '' ? '' : code(defaultText),
    prose(help),
  ]);
  return table(['flag', 'environment variable', 'config file', 'default', 'meaning'], rows);
}

/** A Markdown table of the exit codes. */
export function exitCodesTable(exitCodes: readonly ExitCode[]): string {
  return table(
    ['code', 'meaning'],
    exitCodes.map(({ code: number, meaning }) => [String(number), prose(meaning)]),
  );
}

/** A Markdown table of the commands, with their arguments and options. */
export function commandsTable(commands: readonly CommandSpec[], options: readonly Option[]): string {
  const rows = commands.map((spec) => {
    const call = [spec.name, ...(spec.arguments ?? []).map(({ name }) => name)].join(' ');
    return [code(call), prose(spec.description), flagsOf(spec, options).map(code).join(', ')];
  });
  return table(['command', 'what it does', 'options'], rows);
}

function flagsOf(spec: CommandSpec, options: readonly Option[]): string[] {
  const own = options.filter(({ key }) => spec.options.includes(key)).map(({ short, flag }) => short ?? flag);
  const switches = (spec.switches ?? []).map(({ flags }) => flags);
  return [...own, ...switches, ...(spec.outputs ? [`-o ${spec.outputs.join('|')}`] : [])];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`);
  return lines.join('');
}

function code(text: string): string {
  // Also in code a bar would end the cell (https://github.github.com/gfm/#tables-extension-).
  return `\`${text.replaceAll('|', String.raw`\|`)}\``;
}

function prose(text: string): string {
  return text.replaceAll(/[\\`*<|]/gu, String.raw`\$&`);
}

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const OUTPUT_BYTES_MAX = 512 * 1024 * 1024;
const execute = promisify(execFile);

/** Runs a program and gives what it prints. @throws with its standard error when it fails */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const { stdout } = await execute(program, args, { maxBuffer: OUTPUT_BYTES_MAX, ...options });
  return stdout;
}

/** Why a test can't run, for its option `skip`: the programs that are missing; false when all are there. */
export function missing(...programs: readonly string[]): string | false {
  const absent = programs.filter((program) => !isInstalled(program));
  return absent.length === 0 ? false : `not installed here: ${absent.join(', ')}`;
}

function isInstalled(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.some((folder) => existsSync(path.join(folder, program)));
}

import { spawn } from 'node:child_process';

/** How a command is run. */
export interface CommandOptions {
  /** Given to it on standard input; default: nothing. */
  readonly input?: string | Buffer;
  /** More than this process's own environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where it runs; default: here. */
  readonly cwd?: string;
  /** What it is called in errors; default: all of it. */
  readonly title?: string;
}

/**
 * Runs a command to its end. @returns its standard output
 *
 * @throws with its standard error when it fails
 */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const [command = '', ...args] = argv;
  const { input = '', env, cwd, title = argv.join(' ') } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
    });
    const output: Buffer[] = [];
    const messages: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => messages.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve(Buffer.concat(output).toString('utf8'));
      reject(new Error(`${title}: ${Buffer.concat(messages).toString('utf8').trim()}`));
    });
    // It may end before it has read everything; its exit code says what to make of it.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

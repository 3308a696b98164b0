#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { Interruption } from './cli/exit-code.ts';
import { runProgram } from './cli/program.ts';

// A young generation that stays small: it would grow to 100 MB of garbage that nobody needs to keep.
setFlagsFromString('--semi-space-growth-factor=1');

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort(new Interruption(signal)));
}
// A reader such as `head` that has had enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  signal: interruption.signal,
});

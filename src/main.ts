#!/usr/bin/env -S node --min-semi-space-size=4 --max-semi-space-size=4 --initial-heap-size=48 --v8-pool-size=1
import { setFlagsFromString } from 'node:v8';
import { Interruption } from './cli/exit-code.ts';
import { runProgram } from './cli/program.ts';

// A backup must fit beside everything else on a node: the heap grows in small steps, which costs a twentieth
// of the time for 70 MiB less memory. The line at the top keeps the young generation small as well; and it lets
// the heap grow to 48 MiB before it is marked for the first time: of a smaller one every few megabytes make the
// collector look through all of it, which took a tenth of a run. One thread in the background compiles and collects:
// four of them only stood in each other's way, and in the API server's.
setFlagsFromString('--heap-growing-percent=50');

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
  // Opened only by who asks for it.
  get stdin() {
    return process.stdin;
  },
  environment: process.env,
  signal: interruption.signal,
});

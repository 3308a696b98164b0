#!/usr/bin/env -S node --min-semi-space-size=4 --max-semi-space-size=4
import { SOURCE_PATH, TARGET_PATH } from '../model/backuper.ts';
import { runTask } from './run-task.ts';
import { Stopped } from './stopped.ts';

const TERMINATION_LOG = '/dev/termination-log';

// As process 1 of a container no signal ends it by itself.
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interruption.abort(
      new Stopped('interrupted', `Ended by ${signal}, with all it had started: run it again`),
    );
  });
}
// Whoever reads the log may have gone; what counts is the report.
process.stdout.on('error', () => undefined);

process.exitCode = await runTask(process.argv.slice(2), {
  sourceRoot: process.env['BACKUPER_SOURCE'] ?? SOURCE_PATH,
  targetRoot: process.env['BACKUPER_TARGET'] ?? TARGET_PATH,
  terminationLog: process.env['BACKUPER_TERMINATION_LOG'] ?? TERMINATION_LOG,
  signal: interruption.signal,
  print: (line) => void process.stdout.write(`${line}\n`),
});

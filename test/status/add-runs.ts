import { once } from 'node:events';
import { addRun } from '../../src/status/status-file.ts';
import { runAt } from './made-runs.ts';

// A process that puts runs into a history: `node add-runs.ts FOLDER NAME COUNT`. It says when it is ready, and
// begins when something comes on standard input.
const [dir = '', name = '', count = '1'] = process.argv.slice(2);
if (process.env['WAIT'] === '1') {
  process.stdout.write('ready\n');
  await once(process.stdin, 'data');
  process.stdin.destroy();
}
for (let index = 0; index < Number(count); index++) {
  // All at one instant: nothing but their ids tells them apart.
  const run = runAt('2026-11-20T00:15:00Z', { id: `${name}-${index}` });
  await addRun(dir, run, (problem) => process.stderr.write(`${problem}\n`));
}

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

// For `node --import`: kills the process before its n-th call that changes the file system. DIE_AT_CALL is n;
// with 0 it lives on, and says at its end how many calls there were, and how many of them before the first that
// concerns the record of the run. With DIE_AT_WRITE=n it is killed before the n-th write of its second thread.
const dieAtCall = Number(process.env['DIE_AT_CALL']);
const dieAtWrite = Number(process.env['DIE_AT_WRITE']);
let callCount = 0;
let recordCall = Number.NaN;

function countCalls(target: object, names: readonly string[]): void {
  const methods = target as Record<string, (...args: unknown[]) => unknown>;
  for (const name of names) {
    const method = methods[name];
    methods[name] = function (this: unknown, ...args: unknown[]): unknown {
      callCount++;
      if (Number.isNaN(recordCall) && String(args[0]).includes('status.json')) recordCall = callCount;
      if (callCount === dieAtCall) process.kill(process.pid, 'SIGKILL');
      return method?.apply(this, args);
    };
  }
}

if (isMainThread) await watchMainThread();
else watchWrites();

async function watchMainThread(): Promise<void> {
  const { promises } = fs;
  countCalls(promises, ['open', 'writeFile', 'mkdir', 'rename', 'link', 'unlink', 'rm']);
  syncBuiltinESMExports();
  const probe = await promises.open('/dev/null');
  countCalls(Object.getPrototypeOf(probe) as object, ['write', 'sync', 'close']);
  await probe.close();
  callCount = 0;
  if (dieAtCall === 0)
    process.on('exit', () => fs.writeSync(2, `calls: ${callCount}, before the record: ${recordCall - 1}\n`));
}

function watchWrites(): void {
  const { writeSync } = fs;
  let writeCount = 0;
  const counting = (...args: Parameters<typeof writeSync>): number => {
    if (++writeCount === dieAtWrite) process.kill(process.pid, 'SIGKILL');
    return writeSync(...args);
  };
  fs.writeSync = counting as typeof writeSync;
  syncBuiltinESMExports();
}

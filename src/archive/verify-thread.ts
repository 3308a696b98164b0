import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { checkEntries } from './check-entries.ts';
import type { ThreadTask } from './entry-checks.ts';

// The second thread of a verification: it checks entries until all of them are claimed. It ends by itself,
// and whatever it throws ends it too.

const { fd, sizeBytes, checking } = workerData as ThreadTask;
/** The file that the first thread has open: there may be another one at its path by now. */
const handle = {
  read: (buffer: Buffer, offset: number, length: number, position: number) =>
    Promise.resolve({ bytesRead: readSync(fd, buffer, offset, length, position) }),
};
parentPort?.postMessage(await checkEntries({ handle, sizeBytes }, checking), []);

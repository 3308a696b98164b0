import { parentPort, workerData } from 'node:worker_threads';
import type { PackingAnswer, PackingFailure, PackingRequest, PackingStart } from './batch.ts';
import { ZipFile } from './zip-file.ts';

// The second thread of a run: it hashes, deflates and writes, which takes as long as all the rest, while the
// first one reads the next pages.

const zip = new ZipFile(workerData as PackingStart, fail);
let last = Promise.resolve();

parentPort?.on('message', (request: PackingRequest) => {
  // After a failure the requests that follow are left alone: the first thread ends this one.
  last = last.then(() => carryOut(request));
  last.catch(fail);
});

async function carryOut(request: PackingRequest): Promise<void> {
  if (request.kind === 'end') {
    const counts = await zip.finish(request.head);
    answer({ kind: 'done', fileBytes: zip.fileBytes, counts });
    return;
  }
  if (request.kind === 'entries') await zip.addEntries(request);
  else await zip.addPart(request);
  const { memory } = request;
  answer({ kind: 'done', fileBytes: zip.fileBytes, memory }, [memory]);
}

function answer(message: PackingAnswer | PackingFailure, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function fail(reason: unknown): void {
  const error = reason instanceof Error ? reason : new Error(String(reason));
  const known = Object.entries(error).filter(([name]) => ['code', 'errno', 'syscall'].includes(name));
  answer({ kind: 'failed', error, system: Object.fromEntries(known) });
}

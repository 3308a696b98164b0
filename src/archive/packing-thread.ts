import { parentPort } from 'node:worker_threads';
import type { PackingAnswer, PackingFailure, PackingRequest, PackingStart } from './batch.ts';
import { ZipFile } from './zip-file.ts';

// The second thread of a run: it hashes, deflates and writes, which takes as long as all the rest, while the
// first one reads the next pages.

const port = parentPort;
if (!port) throw new Error('This is a thread, and no program');
port.once('message', (start: PackingStart) => {
  const zip = new ZipFile(start, fail);
  let last = Promise.resolve();
  port.on('message', (request: PackingRequest) => {
    // After a failure the requests that follow are left alone: the first thread ends this one.
    last = last.then(() => carryOut(zip, request));
    last.catch(fail);
  });
});

async function carryOut(zip: ZipFile, request: PackingRequest): Promise<void> {
  switch (request.kind) {
    case 'entries':
      await zip.addEntries(request);
      return answer({ kind: 'done', fileBytes: zip.fileBytes, memory: request.memory }, [request.memory]);
    case 'part':
      await zip.addPart(request);
      return answer({ kind: 'done', fileBytes: zip.fileBytes, memory: request.memory }, [request.memory]);
    case 'place':
      await zip.place(request.numbers);
      return answer({ kind: 'done', fileBytes: zip.fileBytes });
    case 'drop':
      zip.drop(request.numbers);
      return answer({ kind: 'done', fileBytes: zip.fileBytes });
    case 'recall':
      return answer({ kind: 'done', fileBytes: zip.fileBytes, contents: zip.recall(request.numbers) });
    case 'end': {
      const counts = await zip.finish(request.head);
      return answer({ kind: 'done', fileBytes: zip.fileBytes, counts });
    }
  }
}

function answer(message: PackingAnswer | PackingFailure, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

function fail(reason: unknown): void {
  const error = reason instanceof Error ? reason : new Error(String(reason));
  const known = Object.entries(error).filter(([name]) => ['code', 'errno', 'syscall'].includes(name));
  answer({ kind: 'failed', error, system: Object.fromEntries(known) });
}

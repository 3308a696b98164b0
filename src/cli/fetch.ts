import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { checkChecksumFile } from '../archive/checksum-file.ts';
import { KnownError, systemErrorCode } from '../model/known-error.ts';
import { COMPLETE } from './exit-code.ts';
import { ArchiveFinder } from './find-archive.ts';
import { type CommandInput, print } from './process-context.ts';

/**
 * `openshift-backup fetch`: an archive on standard output, its checksum on standard error as `sha256sum`
 * writes it. A terminal is refused: `oc rsh` and `oc exec -t` would change the bytes on their way.
 */
export async function fetchArchive(
  { process, settings }: CommandInput,
  [reference]: readonly string[],
): Promise<number> {
  const { name, path } = await new ArchiveFinder({ process, settings }).find(reference ?? 'latest');
  if (process.stdout.isTTY === true) {
    throw new KnownError(
      'refused',
      `Standard output is a terminal, which would damage the archive: redirect it (… fetch > ${name.file}), and use "oc exec" without -t`,
    );
  }
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path, {
    highWaterMark: 256 * 1024,
    signal: process.signal,
  }) as AsyncIterable<Buffer>) {
    digest.update(chunk);
    await writeChunk(process.stdout, chunk);
  }
  const sha256 = digest.digest('hex');
  process.stderr.write(`${sha256}  ${name.file}\n`);
  const checksum = await checkChecksumFile(path, sha256);
  if (checksum.result === 'different')
    throw new KnownError('failed', `${name.file} is damaged: ${checksum.reason}`);
  await print(process, '');
  return COMPLETE;
}

async function writeChunk(stdout: NodeJS.WritableStream, chunk: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stdout.write(chunk, (error?: Error | null) => (error ? reject(writeError(error)) : resolve()));
  });
}

/** Half an archive is not what the caller asked for, whoever closed the pipe. */
function writeError(error: Error): Error {
  return systemErrorCode(error) === 'EPIPE'
    ? new KnownError('failed', 'The reader of standard output went away before it had the whole archive', {
        cause: error,
      })
    : error;
}

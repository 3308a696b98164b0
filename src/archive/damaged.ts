import { errorText, KnownError, systemErrorCode } from '../model/known-error.ts';

/** What is wrong with an archive, without its name: `named` puts the name before it. */
export function damaged(reason: string, cause?: unknown): KnownError {
  return new KnownError('failed', reason, { cause });
}

/**
 * The error of reading a file, with the file's name before it: `usage` when there is no such file or it
 * may not be read, `failed` when it is damaged or the storage fails. Other errors come back as they are.
 */
export function named(path: string, error: unknown): unknown {
  if (error instanceof KnownError) {
    return error.kind === 'failed'
      ? new KnownError('failed', `${path}: ${error.message}`, { cause: error })
      : error;
  }
  const code = systemErrorCode(error);
  if (code === undefined || !/^E[A-Z0-9]+$/u.test(code)) return error;
  const [kind, text] = FILE_ERRORS[code] ?? ['failed', `: the storage fails (${code}): check the volume`];
  return new KnownError(kind, `${path}${text}`, { cause: error });
}

/** What is wrong with an archive, without the name that `named` put before it. */
export function reasonOf(error: KnownError): string {
  return error.cause instanceof KnownError ? error.cause.message : errorText(error);
}

const FILE_ERRORS: Record<string, readonly ['usage' | 'failed', string]> = {
  ENOENT: ['usage', ' does not exist'],
  ENOTDIR: ['usage', ' does not exist: a part of the path is not a folder'],
  ENAMETOOLONG: ['usage', ' is too long for a file name'],
  EISDIR: ['usage', ' is a folder, not an archive'],
  EACCES: ['usage', ' may not be read: run as a user with permission to read it'],
  EPERM: ['usage', ' may not be read: run as a user with permission to read it'],
};

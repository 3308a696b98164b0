import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { errorText, KnownError } from '../model/known-error.ts';

/** Where the certificate and its key are, as PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate with its key, which fit each other. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
  /** In milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Changes that come together are looked at once: two files are written one after the other. */
const SETTLE_MS = 100;
/** Not every file system tells of changes. */
const POLL_MS = 5000;

/**
 * Reads a certificate and its key.
 *
 * @throws KnownError `failed` when one is missing or damaged, or the two don't fit
 */
export async function readCertificate(files: CertificateFiles): Promise<ServingCertificate> {
  try {
    const [cert, key] = await Promise.all([readFile(files.certificate, 'utf8'), readFile(files.key, 'utf8')]);
    const leaf = new X509Certificate(cert);
    // A context without a key, from a file that is being written, would be made all the same, and fail every client.
    if (!leaf.checkPrivateKey(createPrivateKey(key)))
      throw new Error('the key is that of another certificate');
    createSecureContext({ cert, key });
    const { validFromDate, validToDate } = leaf;
    return { cert, key, notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() };
  } catch (error) {
    throw new KnownError(
      'failed',
      `The certificate ${files.certificate} and its key ${files.key} can't be used: ${errorText(error)}. Both are PEM files, made by whoever the API server trusts for this`,
      { cause: error },
    );
  }
}

/** Why a certificate can't be used now; undefined when it can. */
export function validityProblem(certificate: ServingCertificate, nowMs: number): string | undefined {
  if (nowMs > certificate.notAfterMs)
    return `the certificate has expired at ${new Date(certificate.notAfterMs).toISOString()}`;
  if (nowMs < certificate.notBeforeMs)
    return `the certificate is valid from ${new Date(certificate.notBeforeMs).toISOString()} on`;
  return undefined;
}

/** What comes of looking at the files again. */
export interface CertificateEvents {
  /** It is another one. */
  readonly onChange: (certificate: ServingCertificate) => void;
  /** It can't be read, once for each reason; the last good one goes on. */
  readonly onProblem: (message: string) => void;
}

/** Follows the files of a certificate until the signal; by the kernel's word, and by looking every few seconds. */
export function followCertificate(
  files: CertificateFiles,
  first: ServingCertificate,
  events: CertificateEvents,
  signal: AbortSignal,
): void {
  let known = first;
  let problem = '';
  let settling: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    try {
      const found = await readCertificate(files);
      problem = '';
      if (found.cert === known.cert && found.key === known.key) return;
      known = found;
      if (!signal.aborted) events.onChange(found);
    } catch (error) {
      const message = errorText(error);
      if (message !== problem) events.onProblem(message);
      problem = message;
    }
  };
  const soon = (): void => {
    clearTimeout(settling);
    settling = setTimeout(() => void look(), SETTLE_MS);
  };
  const poll = setInterval(() => void look(), POLL_MS);
  // The folders, not the files: a kubelet swaps a link beside them.
  const folders = new Set([files.certificate, files.key].map((file) => path.dirname(file)));
  const watchers = [...folders].flatMap((folder) => watchFolder(folder, soon));
  signal.addEventListener('abort', () => {
    clearInterval(poll);
    clearTimeout(settling);
    for (const watcher of watchers) watcher.close();
  });
}

function watchFolder(folder: string, onChange: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, onChange);
    // Without it there is still the look every few seconds.
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}

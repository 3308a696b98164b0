import { safeText } from '../../model/text.ts';
import { declined } from './declined.ts';
import type { CopyRequest, Declined } from '../copy.ts';

/** Of one name: NAME_MAX of Linux. */
const NAME_BYTES_MAX = 255;
/** So that the folder, in base64url, fits into an argument of the pod. */
const FOLDER_BYTES_MAX = 700;

/** Folders that can't be copied from or to. Whether they exist, and lead out by a link, is seen in the pod. */
export function badFolder({ sub, into }: CopyRequest): Declined | undefined {
  for (const [folder, what] of [
    [sub, 'the folder to copy'],
    [into, 'the folder of the target'],
  ] as const) {
    const problem = problemOf(folder);
    if (problem !== undefined) return declined('bad-folder', `${what}, ${shown(folder)}, ${problem}`);
  }
  return undefined;
}

/** Line breaks and quotes are fine: nothing here passes a shell. */
function problemOf(folder: string): string | undefined {
  if (folder === '') return undefined;
  // encodeURIComponent below would throw, and the kernel has no such names.
  if (!folder.isWellFormed()) return 'is not text: name it in UTF-8';
  if (folder.includes('\0')) return 'holds a NUL character, which no name can';
  if (folder.startsWith('/')) return 'begins with a slash: name it from the root of the volume';
  const names = folder.split('/');
  if (names.includes('')) return 'has an empty part: write one slash between names, and none at the end';
  if (names.some((name) => name === '..' || name === '.'))
    return 'holds . or .. as a name: name the folder directly, from the root of the volume';
  if (names.some((name) => bytesOf(name) > NAME_BYTES_MAX))
    return `has a name of more than ${NAME_BYTES_MAX} bytes, which no file system takes`;
  if (bytesOf(folder) > FOLDER_BYTES_MAX)
    return `is longer than ${FOLDER_BYTES_MAX} bytes: copy a folder further up`;
  return undefined;
}

function bytesOf(text: string): number {
  return encodeURIComponent(text).replaceAll(/%../gu, 'x').length;
}

function shown(folder: string): string {
  const text = safeText(folder);
  return `"${text.length > 80 ? `${text.slice(0, 79)}…` : text}"`;
}

import type { Settings } from '../config/options.ts';
import { isGlob } from '../model/glob.ts';
import { KnownError } from '../model/known-error.ts';
import type { CopyRequest } from '../volumes/copy.ts';

/** The project that is meant. @throws KnownError `usage` unless it is exactly one */
export function projectOf({ namespaces }: Settings): string {
  const [project, ...others] = namespaces;
  if (project !== undefined && others.length === 0 && !isGlob(project)) return project;
  throw new KnownError('usage', 'Volumes are copied within one project: name it with -n, without * and ?');
}

/** What the command line asks to be copied. @throws KnownError `usage` */
export function copyRequestOf(
  settings: Settings,
  [source = '', target = '']: readonly string[],
  switches: ReadonlySet<string>,
): CopyRequest {
  return {
    namespace: projectOf(settings),
    source: claimName(source),
    target: claimName(target),
    sub: settings.copyFolder,
    into: settings.copyInto,
    mode: settings.copyMode,
    keepGenerations: settings.copyKeep,
    quiesce: settings.copyQuiesce,
    mayShrink: switches.has('mayShrink'),
    checksum: switches.has('checksum'),
    bandwidthKiB: settings.copyBandwidthKiB,
    node: settings.copyNode,
    deadlineSeconds: settings.copyDeadlineSeconds,
  };
}

/** The name of a claim, as kubectl takes it, also `pvc/data`. @throws KnownError `usage` */
export function claimName(given: string): string {
  const name = given.replace(/^(?:pvc|persistentvolumeclaims?)\//u, '');
  if (/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u.test(name)) return name;
  throw new KnownError('usage', `${JSON.stringify(given)} can't be the name of a PersistentVolumeClaim`);
}

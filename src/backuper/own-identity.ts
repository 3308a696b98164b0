import { readFile } from 'node:fs/promises';
import type { BackuperReport } from '../model/backuper.ts';
import { runShort } from './run-program.ts';

/** Who this process is, what it may do, and which rsync it has. @throws Stopped when there is no rsync */
export async function ownIdentity(signal: AbortSignal): Promise<NonNullable<BackuperReport['identity']>> {
  const status = await readFile('/proc/self/status', 'utf8');
  const { stdout } = await runShort('rsync', ['--version'], { signal });
  return {
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
    capEff: /^CapEff:\s+(?<hex>[0-9a-f]+)/mu.exec(status)?.groups?.['hex'] ?? '',
    rsync: /rsync +version (?<version>\S+)/u.exec(stdout)?.groups?.['version'] ?? 'unknown',
  };
}

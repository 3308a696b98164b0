import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { systemErrorCode } from '../model/known-error.ts';

/** Who writes a draft: a process, told apart from a later one with the same id, on one host. */
export interface Owner {
  readonly pid: number;
  /** When the process began, in the kernel's ticks; 0 where there is no /proc. */
  readonly startedTicks: number;
  /** Host, boot and pid namespace: pods on one node have their own, and a pod's name is its host name. */
  readonly host: string;
}

const TAG = /^(?<pid>\d+)-(?<startedTicks>\d+)-(?<host>[0-9a-f]{12})$/u;

/** This process. */
export function thisOwner(): Owner {
  const place = [
    hostname(),
    readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    readOr(() => readlinkSync('/proc/self/ns/pid')),
  ];
  const host = createHash('sha256').update(place.join('\n')).digest('hex').slice(0, 12);
  return { pid: process.pid, startedTicks: startedTicksOf(process.pid), host };
}

/** The owner as a part of a file name. */
export function formatOwner({ pid, startedTicks, host }: Owner): string {
  return `${pid}-${startedTicks}-${host}`;
}

/** Reads what `formatOwner` wrote; undefined for anything else. */
export function parseOwner(tag: string): Owner | undefined {
  const groups = TAG.exec(tag)?.groups;
  if (!groups) return undefined;
  return {
    pid: Number(groups['pid']),
    startedTicks: Number(groups['startedTicks']),
    host: groups['host'] ?? '',
  };
}

/** Whether the owner still runs; `unknown` for one on another host. */
export function ownerState(owner: Owner): 'alive' | 'dead' | 'unknown' {
  if (owner.host !== thisOwner().host) return 'unknown';
  return isRunning(owner.pid) && startedTicksOf(owner.pid) === owner.startedTicks ? 'alive' : 'dead';
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat; the second field, the program's name, may hold spaces and brackets (proc(5)). */
function startedTicksOf(pid: number): number {
  const stat = readOr(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 0) || 0;
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

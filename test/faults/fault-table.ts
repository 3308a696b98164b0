/** How a run ends, or at worst; the exit codes are 0, 3, 4 and 143. */
export type FaultResult = 'complete' | 'incomplete' | 'failed' | 'interrupted';

/** What the API server may do, and what becomes of the run. */
export interface FaultRow {
  readonly fault: string;
  /** What the tool does about it. */
  readonly answer: string;
  readonly result: FaultResult;
}

/** Every fault that a test proves; docs/faults.md is made of it. */
export const FAULTS = {
  'expired-by-compaction': {
    fault: 'etcd forgets the state of a list between two of its pages (410)',
    answer: 'throws away what it has read of the type and begins anew, with larger pages',
    result: 'complete',
  },
  'expired-twice': {
    fault: 'a list expires, and expires again (410)',
    answer: 'reads it a third time, without pages',
    result: 'complete',
  },
  'expired-always': {
    fault: 'a list expires however it is read (410)',
    answer: 'gives up after the third time; nothing of the type is in the archive',
    result: 'incomplete',
  },
  'repeated-page': {
    fault: 'a page names a page before it as the next one',
    answer: 'sees that the list has no end, and gives the type up',
    result: 'incomplete',
  },
  'dead-webhook': {
    fault: 'the conversion webhook of a custom resource does not answer (500)',
    answer: 'reads the other versions that are served, and notes in the manifest which one it was',
    result: 'complete',
  },
  'dead-webhook-mixed': {
    fault: 'the conversion webhook does not answer, and every version needs it (500)',
    answer: 'tries every version, then names the type with the first reason',
    result: 'incomplete',
  },
  unreadable: {
    fault: 'an object in etcd can not be read: its key is lost, or its bytes are (500)',
    answer: 'names the type, and in the reason the object',
    result: 'incomplete',
  },
  'unreadable-many': {
    fault: 'the API server says which objects it can not read (500 StorageReadError)',
    answer: 'names the type, and in the reason each of these objects',
    result: 'incomplete',
  },
  'verifying-interrupted': {
    fault: 'the run is asked to end while it verifies (SIGTERM)',
    answer: 'publishes nothing and leaves nothing behind',
    result: 'interrupted',
  },
  'token-rotated': {
    fault: 'the token is replaced in its file, and the old one refused (401)',
    answer: 'reads the file again and goes on',
    result: 'complete',
  },
  'token-expired': {
    fault: 'the token is refused from some moment on, and there is no other (401)',
    answer: 'names every type that was not read before',
    result: 'incomplete',
  },
  'type-gone': {
    fault: 'a custom resource is deleted after it was discovered (404)',
    answer: 'names it: what it held is not known any more',
    result: 'incomplete',
  },
  'project-gone': {
    fault: 'a project is deleted after the projects were listed (404)',
    answer: 'names its Namespace object',
    result: 'incomplete',
  },
  'project-terminating': {
    fault: 'a project is being deleted and still there',
    answer: 'reads it like any other',
    result: 'complete',
  },
  'limit-ignored': {
    fault: 'a list comes whole, although a page was asked for',
    answer: 'takes it, up to 16 MiB',
    result: 'complete',
  },
  'server-away': {
    fault: 'nobody listens at the address of the API server for two seconds',
    answer: 'waits for it, for about half a minute at most',
    result: 'complete',
  },
  'server-restarted': {
    fault: 'the API server is killed and started again in the middle of a run',
    answer: 'waits for it; what it refuses while it starts is tried again, or named',
    result: 'incomplete',
  },
  'cut-anywhere': {
    fault: 'the connection breaks after any byte of an answer',
    answer: 'asks again; a part of a list is never taken for a list',
    result: 'complete',
  },
  truncated: {
    fault: 'an answer is shorter than it was, and says nothing of it',
    answer: 'sees that it is not the whole of a list, and gives the type up',
    result: 'incomplete',
  },
  stalled: {
    fault: 'an answer stops in the middle, or never begins, and the connection stays open',
    answer: 'gives the connection up after 65 s of silence, and asks again',
    result: 'complete',
  },
  'busy-with-pause': {
    fault: 'the API server is busy, and says how long to wait (429 with Retry-After)',
    answer: 'waits so long, but no longer than 30 s, and asks again',
    result: 'complete',
  },
  'busy-without-pause': {
    fault: 'the API server is busy, or has an error (429, 500, 502, 503, 504)',
    answer: 'asks again, six times in all, with growing pauses',
    result: 'complete',
  },
  'busy-always': {
    fault: 'the API server has an error, whenever it is asked for a type (429, 500, 502, 503, 504)',
    answer: 'gives the type up after six times',
    result: 'incomplete',
  },
  recovers: {
    fault: 'an API server with errors of many kinds, each of which passes',
    answer: 'asks again until it has everything',
    result: 'complete',
  },
  'does-not-recover': {
    fault: 'an API server with errors and wrong answers of many kinds, which stay',
    answer: 'names exactly the types that they touch; rotates nothing',
    result: 'incomplete',
  },
  'one-project': {
    fault: 'a type can not be listed in one of the projects (500)',
    answer: 'names the type and the project; the other project is whole',
    result: 'incomplete',
  },
  'reviews-fail': {
    fault: 'access reviews are not answered',
    answer: 'lists without having been told that it may; the list itself says whether',
    result: 'complete',
  },
  'group-silent': {
    fault: 'an older API server, of which one group does not say what it holds (503)',
    answer: 'names the group; all others are whole',
    result: 'incomplete',
  },
  'aggregated-down': {
    fault: 'the server behind an aggregated API is down (stale discovery)',
    answer: 'names the group; all others are whole',
    result: 'incomplete',
  },
  'stale-version': {
    fault: 'one version of a group is stale, another one is not',
    answer: 'reads what the other version has, and names the group',
    result: 'incomplete',
  },
  'harmless-down': {
    fault: 'the server of a group that is never exported is down (metrics.k8s.io)',
    answer: 'skips the group, as it always does',
    result: 'complete',
  },
  'discovery-fails': {
    fault: 'the API server does not say what it serves, or who it is',
    answer: 'says why in one line, and publishes nothing',
    result: 'failed',
  },
  random: {
    fault: 'any of these, any number of them, at any time',
    answer: 'every type is whole, to the byte, or named as a gap and not there at all',
    result: 'incomplete',
  },
} as const satisfies Record<string, FaultRow>;

/** The name of the test that proves a row. */
export function faultName(id: keyof typeof FAULTS): string {
  const { fault, result } = FAULTS[id];
  return `${fault}: ${result}`;
}

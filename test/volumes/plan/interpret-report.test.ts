import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BackuperOutcome, BackuperReport } from '../../../src/model/backuper.ts';
import { interpretReport } from '../../../src/volumes/run/interpret-report.ts';
import type { CopyResult } from '../../../src/volumes/run-record.ts';

const EQUAL = { entryCount: 5, differenceCount: 0, differences: [], hasReadContents: false };

function report(outcome: BackuperOutcome, more: Partial<BackuperReport> = {}): BackuperReport {
  const verification = outcome === 'done' ? { verification: EQUAL } : {};
  const message = `it went ${outcome}`;
  return {
    task: 'copy',
    outcome,
    message,
    durationMs: 5,
    warnings: [],
    errors: [],
    ...verification,
    ...more,
  };
}

function ended(exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error', more: object = {}): object {
  return {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [{ name: 'backuper', state: { terminated: { exitCode, reason } } }],
    ...more,
  };
}

type Row = readonly [
  name: string,
  report: BackuperReport | undefined,
  status: object | undefined,
  result: CopyResult,
  mayRetry: boolean,
  says: RegExp,
];

const BY_OUTCOME: Readonly<Record<BackuperOutcome, readonly [CopyResult, boolean]>> = {
  done: ['complete', false],
  fuzzy: ['fuzzy', false],
  unequal: ['failed', true],
  unreadable: ['failed', false],
  vanished: ['failed', true],
  'target-full': ['failed', false],
  'owners-refused': ['failed', false],
  shrunk: ['failed', false],
  'bad-folder': ['failed', false],
  'missing-folder': ['failed', false],
  interrupted: ['cancelled', true],
  busy: ['failed', true],
  failed: ['failed', false],
  'bad-request': ['failed', false],
};

const ROWS: readonly Row[] = [
  ...Object.entries(BY_OUTCOME).map(([outcome, [result, mayRetry]]): Row => {
    const one = report(outcome as BackuperOutcome);
    return [
      `the report ${outcome}`,
      one,
      ended(outcome === 'done' ? 0 : 1),
      result,
      mayRetry,
      new RegExp(`it went ${outcome}`, 'u'),
    ];
  }),
  ['a probe that is done', report('done', { task: 'probe' }), ended(0), 'complete', false, /it went done/u],
  ['a report of a pod that has gone since', report('done'), undefined, 'complete', false, /it went done/u],
  [
    'done without a comparison',
    { ...report('unequal'), outcome: 'done' },
    ended(0),
    'failed',
    false,
    /has compared nothing/u,
  ],
  [
    'done with differences',
    report('done', { verification: { ...EQUAL, differenceCount: 2 } }),
    ended(0),
    'failed',
    false,
    /counts 2 differences/u,
  ],
  ['done, and then killed', report('done'), ended(137, 'OOMKilled'), 'failed', true, /ended with 137/u],
  [
    'an outcome of another version',
    report('perfect' as BackuperOutcome),
    ended(0),
    'failed',
    false,
    /another version.*perfect/u,
  ],
  [
    'an outcome that every object has',
    report('constructor' as BackuperOutcome),
    ended(0),
    'failed',
    false,
    /another version/u,
  ],
  [
    'rsync that lost its connection',
    report('failed', { copied: { rsyncExit: 12, fileCount: 0, sizeBytes: 0, deletedCount: 0 } }),
    ended(1),
    'failed',
    true,
    /it went failed/u,
  ],
  [
    'rsync that was called wrongly',
    report('failed', { copied: { rsyncExit: 1, fileCount: 0, sizeBytes: 0, deletedCount: 0 } }),
    ended(1),
    'failed',
    false,
    /it went failed/u,
  ],
  [
    'too little memory, with a report',
    report('failed'),
    ended(1, 'OOMKilled'),
    'failed',
    true,
    /more memory.*it went failed/u,
  ],
  ['too little memory', undefined, ended(137, 'OOMKilled'), 'failed', true, /more memory/u],
  [
    'a node without room',
    undefined,
    { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' },
    'failed',
    true,
    /too little memory or disk left.*low on resource/u,
  ],
  [
    'a node that goes, of which the program had time to tell',
    report('interrupted'),
    ended(1, 'Error', {
      reason: 'Terminated',
      message: 'Pod was terminated in response to imminent node shutdown.',
    }),
    'failed',
    true,
    /shut down.*it went interrupted/u,
  ],
  [
    'a node that does not take it',
    undefined,
    { phase: 'Failed', reason: 'OutOfcpu' },
    'failed',
    true,
    /had no room/u,
  ],
  [
    'a node that has lost sight of it',
    undefined,
    ended(137, 'ContainerStatusUnknown'),
    'failed',
    true,
    /lost sight/u,
  ],
  [
    'its deadline',
    report('interrupted'),
    {
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    },
    'failed',
    false,
    /allow more time/u,
  ],
  ['somebody who has deleted it', undefined, undefined, 'cancelled', false, /was deleted/u],
  ['a signal, without a word', undefined, ended(143), 'failed', true, /killed \(143\)/u],
  [
    'a program that is not there',
    undefined,
    ended(128, 'StartError'),
    'failed',
    false,
    /check that the image/u,
  ],
  [
    'no message, though it ended well',
    undefined,
    ended(0),
    'failed',
    false,
    /ended with 0 and has left no report/u,
  ],
  ['no message', undefined, ended(1), 'failed', false, /ended with 1 and has left no report/u],
  ['no status', undefined, {}, 'failed', false, /without an exit code/u],
  [
    'a status of another kind',
    undefined,
    { containerStatuses: 'none', reason: 7 },
    'failed',
    false,
    /no report/u,
  ],
];

describe('A task is judged by', () => {
  for (const [name, one, status, result, mayRetry, says] of ROWS) {
    test(name, () => {
      const judged = interpretReport(one, status);
      assert.deepEqual([judged.result, judged.mayRetry], [result, mayRetry], judged.message);
      assert.match(judged.message, says);
      assert.doesNotMatch(judged.message, /\n|undefined/u);
    });
  }
});

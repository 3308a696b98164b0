import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { cliCommand, cliEnvironment } from '../support/run-cli.ts';
import { missing, runProgram } from '../support/run-program.ts';

const PROJECT = 'terminal-gaps';
/** What moves the cursor and changes colours. */
// oxlint-disable-next-line eslint/no-control-regex
const CONTROLS = /\u001b\[[0-9;?]*[a-zA-Z]|\r/gu;

describe('on a terminal, run says', { skip: missing('script') }, () => {
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'terminal-gaps-test-'));
    const namespaceRules = { [PROJECT]: READ_EVERYTHING };
    const cluster = await sharedCluster();
    ({ kubeconfig } = await cluster.serviceAccount({ namespace: PROJECT, name: 'reader', namespaceRules }));
  });
  after(() => rm(folder, { recursive: true }));

  const CASES: readonly (readonly [what: string, args: readonly string[], lines: readonly string[]])[] = [
    [
      'that nothing but the project of the context is exported',
      [],
      [`Only the project of the context is exported: projects may not be listed (${PROJECT})`],
    ],
    [
      'what is required and empty',
      ['-n', PROJECT, '--require', 'cronjobs'],
      ['Failed: cronjobs.batch is not in the archive: required, but there is not one object'],
    ],
    [
      'what is required and missing, and which project gave nothing',
      ['-n', `${PROJECT},typo`, '--require', 'cronjobs'],
      [
        'Failed: cronjobs.batch in typo is not in the archive: required, but the service account may not list it',
        "Failed: * in typo is not in the archive: the service account may not list anything there: check the project's name and its rights",
      ],
    ],
  ];
  for (const [what, args, lines] of CASES) {
    test(what, async () => {
      const dir = await mkdtemp(path.join(folder, 'run-'));
      const words = cliCommand(['run', '--dir', dir, '--kubeconfig', kubeconfig, ...args]);
      const command = words.map((word) => `'${word}'`).join(' ');
      const options = { env: { ...process.env, ...cliEnvironment() } };
      // Without -e: an incomplete run ends with 3.
      const output = await runProgram('script', ['-q', '-c', command, '/dev/null'], options);
      // The moving line stands before what stays: only a terminal clears it.
      const shown = output.replaceAll(CONTROLS, '');
      for (const line of lines) assert.equal(shown.split(`${line}\n`).length, 2, output);
    });
  }
});

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { assertSound, onlyArchive } from '../support/archive-folder.ts';
import { cliCommand, cliEnvironment } from '../support/run-cli.ts';
import { missing, runProgram } from '../support/run-program.ts';

const PROJECT = 'terminal';
/** What moves the cursor and changes colours. */
// oxlint-disable-next-line eslint/no-control-regex
const CONTROLS = /\u001b\[[0-9;?]*[a-zA-Z]|\r/gu;

describe('on a terminal', { skip: missing('script', 'stty') }, () => {
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'terminal-test-'));
    const namespaceRules = { [PROJECT]: READ_EVERYTHING };
    const cluster = await sharedCluster();
    ({ kubeconfig } = await cluster.serviceAccount({ namespace: PROJECT, name: 'reader', namespaceRules }));
  });
  after(() => rm(folder, { recursive: true }));

  // A terminal that nobody has given a size says 0.
  for (const columns of [0, 1, 20, 200]) {
    test(`of ${columns} columns run shows a summary, and no log lines`, async () => {
      const dir = path.join(folder, String(columns));
      const args = cliCommand(['run', '--dir', dir, '--kubeconfig', kubeconfig]);
      const command = `stty cols ${columns}; exec ${args.map((word) => `'${word}'`).join(' ')}`;
      const options = { env: { ...process.env, ...cliEnvironment() } };
      const output = await runProgram('script', ['-q', '-e', '-c', command, '/dev/null'], options);
      const text = output.replaceAll(CONTROLS, '');
      const archive = await onlyArchive(dir);
      await assertSound(archive);
      assert.match(text, /Connected to https:/u);
      assert.match(text, /TYPE +OBJECTS +RESULT\n/u);
      assert.ok(text.includes(`\nArchive: ${archive}, `), text);
      assert.doesNotMatch(text, /"level"|defect/u);
    });
  }
});

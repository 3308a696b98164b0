import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { listRules } from '../../src/prune/rule-list.ts';
import { runCli } from '../support/run-cli.ts';

const HOOK = path.join(import.meta.dirname, '..', 'support', 'loaded-modules.ts');

test('rules prints every rule with its verdict, types, reason and field', async () => {
  const { code, stdout, stderr } = await runCli(['rules']);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const [head = '', ...lines] = stdout.trimEnd().split('\n');
  assert.match(head, /^ID +VERDICT +TYPES +REASON +FIELD OR CONDITION$/u);
  assert.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    listRules().map(({ id }) => id),
  );
  const line = (id: string): string => lines.find((text) => text.startsWith(`${id} `)) ?? '';
  assert.match(
    line('service-node-ports'),
    / not applied +services +given by the cluster; .* {3}spec\.ports\[\*\]\.nodePort$/u,
  );
  assert.match(line('metadata-uid'), / never stored +every type +.* {3}metadata\.uid$/u);
  assert.match(line('owned-job'), / object left out +jobs\.batch +.* {3}a CronJob controls it$/u);
  assert.match(line('route-key'), / secret +routes\.route\.openshift\.io +.* {3}spec\.tls\.key$/u);
  assert.match(line('heartbeat'), / type left out +leases\.coordination\.k8s\.io, .* and 6 others +/u);
});

test('rules -o json names all types, and where each fact is written down', async () => {
  const { code, stdout } = await runCli(['rules', '-o', 'json']);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), listRules());
  for (const { id, source } of listRules()) assert.match(source, /^https:\/\//u, id);
});

test('rules needs no cluster, and loads nothing that speaks to one', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'rules-test-'));
  const file = path.join(folder, 'modules');
  const { code } = await runCli(['rules'], {
    environment: { LOADED_MODULES: file },
    nodeOptions: [`--import=${HOOK}`],
  });
  const modules = (await readFile(file, 'utf8')).split('\n');
  await rm(folder, { recursive: true });
  assert.equal(code, 0);
  assert.ok(modules.some((url) => url.endsWith('src/prune/rule-list.ts')));
  assert.deepEqual(
    modules.filter((url) => /src\/(?:kubernetes|export|archive)\/|@kubernetes|archiver|pino/u.test(url)),
    [],
  );
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Night, type Stored, stored, writeNightOf } from '../drift/nights.ts';
import { entriesOf } from '../support/archive-folder.ts';
import { type CliResult, cliCommand, cliEnvironment, runCli, startCli } from '../support/run-cli.ts';
import { missing, runProgram } from '../support/run-program.ts';

const CANARY = 'canary-in-the-history';
const KEY = '0123456789abcdef0123456789abcdef\n';
const AUTHOR = 'openshift-backup <openshift-backup@localhost>';
/** What somebody's own git is set to, and must not show. */
const HOSTILE_CONFIG = `[user]
  name = Somebody
  email = somebody@example.com
[commit]
  gpgSign = true
[core]
  autocrlf = true
  hooksPath = HOOKS
[init]
  defaultBranch = other
  templateDir = HOOKS
`;

function web(image: string): Stored {
  return stored('Deployment', 'web', {
    spec: { template: { spec: { containers: [{ name: 'web', image }] } } },
  });
}

function password(value: string): Stored {
  const data = { password: Buffer.from(`${CANARY}-${value}`).toString('base64') };
  return stored('Secret', 'database', { type: 'Opaque', data });
}

function route(key: string): Stored {
  return stored('Route', 'shop', { spec: { host: 'shop.example.com', tls: { key: `${CANARY}-${key}` } } });
}

const LINES = stored('ConfigMap', 'lines', { data: { text: 'a\r\nb\nEND-OF-ENTRY\ndone\n', ключ: '"\\' } });
const NIGHTS: readonly Night[] = [
  { objects: [web('web:1'), password('1'), route('1'), LINES], facts: { 'shop/configmaps': [LINES] } },
  { objects: [web('web:2'), password('1'), route('1'), LINES] },
  { objects: [web('web:2'), password('1'), route('1'), LINES] },
  { objects: [web('web:2'), password('2'), route('2')] },
];

describe('history', { skip: missing('git') }, () => {
  let folder: string;
  let dir: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'history-test-'));
    dir = path.join(folder, 'archives');
    await mkdir(dir);
    await writeFile(path.join(dir, '.openshift-backup-redaction.key'), KEY);
    for (const [index, night] of NIGHTS.entries()) await writeNightOf(dir, 10 + index, night);
    await writeNightOf(dir, 20, {
      ...NIGHTS[0],
      outcomes: { configmaps: [{ scope: '*', result: 'failed', reason: 'HTTP 503' }] },
    });
  });
  after(() => rm(folder, { recursive: true }));

  async function write(
    repository: string,
    { from = dir, args = [] as readonly string[], code = 0, environment = {} } = {},
  ): Promise<CliResult> {
    const result = await runCli(['history', '--dir', from, '--git', repository, ...args], { environment });
    assert.equal(result.code, code, `${result.stdout}${result.stderr}`);
    assert.equal(`${result.stdout}${result.stderr}`.includes(CANARY), false);
    return result;
  }

  /** A new repository with all archives. */
  async function whole(name: string): Promise<string> {
    const repository = path.join(folder, name);
    await write(repository);
    return repository;
  }

  test('has a commit for each complete archive, with its time and what changed', async () => {
    const repository = path.join(folder, 'first');
    const { stdout } = await write(repository);
    await assertSound(repository);
    const log = await git(repository, 'log', '--reverse', '--format=%an <%ae>|%cn <%ce>|%aI|%cI|%s');
    const subjects = [
      '4 objects in 1 project',
      '1 object changed in 1 project since 2026-11-10 00:15: deployments.apps shop/web',
      'No object changed since 2026-11-11 00:15',
    ];
    const lines = log.trimEnd().split('\n');
    for (const [index, line] of lines.entries()) {
      const time = `2026-11-${10 + index}T00:15:00+00:00`;
      assert.ok(line.startsWith(`${AUTHOR}|${AUTHOR}|${time}|${time}|${subjects[index] ?? ''}`), line);
    }
    assert.equal(lines.length, NIGHTS.length);
    assert.match(lines[3] ?? '', /\|3 objects changed in 1 project since 2026-11-12 00:15: /u);
    assert.match(stdout, /^4 archives new in [^\n]+\nopenshift-backup-20261110T001500Z\.zip {2}4 objects/u);
    const message = await git(repository, 'log', '-1', '--format=%B');
    const sum = await readFile(path.join(dir, 'openshift-backup-20261113T001500Z.zip.sha256'), 'utf8');
    assert.match(message, /^changed {1}secrets shop\/database$/mu);
    assert.ok(
      message.includes(
        `\n\nArchive: openshift-backup-20261113T001500Z.zip\nArchive-SHA256: ${sum.slice(0, 64)}\nCluster: cluster-a\n`,
      ),
      message,
    );
    assert.match((await write(repository)).stdout, /^Nothing is new\n$/u);
    assert.equal(await git(repository, 'symbolic-ref', 'HEAD'), 'refs/heads/main\n');
  });

  test('git diff shows the change, and the files are those of the archive', async () => {
    const repository = await whole('diff');
    const diff = await git(repository, 'diff', 'HEAD~3', 'HEAD~2');
    const changed = diff.split('\n').filter((line) => /^[-+] /u.test(line));
    assert.deepEqual(
      changed.map((line) => line.replaceAll(/\s+/gu, ' ')),
      ['- "image": "web:1",', '+ "image": "web:2",'],
    );
    assert.equal(await git(repository, 'diff', '--stat', 'HEAD~2', 'HEAD~1'), '');
    const names = await git(repository, 'diff', '--name-status', 'HEAD~1', 'HEAD');
    assert.deepEqual(names.trimEnd().split('\n'), [
      'D\tshop/configmaps.json',
      'M\tshop/routes.route.openshift.io.json',
      'M\tshop/secrets.json',
    ]);
    const entries = await entriesOf(path.join(dir, 'openshift-backup-20261110T001500Z.zip'));
    const tree = (await git(repository, 'ls-tree', '-r', '--name-only', 'HEAD~3')).trimEnd().split('\n');
    assert.deepEqual(tree, Object.keys(entries).toSorted());
    for (const name of ['shop/configmaps.json', 'shop/deployments.apps.json'])
      assert.equal(await git(repository, 'show', `HEAD~3:${name}`), entries[name]);
    assert.equal(
      await readFile(path.join(repository, 'shop/deployments.apps.json'), 'utf8'),
      await git(repository, 'show', 'HEAD:shop/deployments.apps.json'),
    );
  });

  test('no object of the repository holds a secret value', async () => {
    const repository = await whole('secrets');
    const objects = await git(repository, 'cat-file', '--batch-all-objects', '--batch');
    for (const text of [CANARY, Buffer.from(CANARY).toString('base64').slice(0, -4)])
      assert.equal(objects.includes(text), false);
    assert.ok(objects.includes('"password": "redacted:'), 'the test sees what is there');
  });

  test('archives that were redacted by the same key are what these become', async () => {
    const repository = await whole('redacted');
    const text = await git(repository, 'show', 'HEAD:shop/secrets.json');
    const { items } = JSON.parse(text) as { items: Stored[] };
    const own = path.join(folder, 'redacted-archives');
    await mkdir(own);
    const options = { namespaces: [], secrets: 'redact' } as const;
    const route2 = JSON.parse(await git(repository, 'show', 'HEAD:shop/routes.route.openshift.io.json')) as {
      items: Stored[];
    };
    const objects = [web('web:2'), ...items, ...route2.items];
    await writeNightOf(own, 13, { objects, manifest: { options } });
    const other = path.join(folder, 'from-redacted');
    await write(other, { from: own });
    assert.deepEqual(
      (await readdir(own)).filter((name) => name.startsWith('.')),
      [],
      'no key was made',
    );
    assert.equal(
      await git(other, 'rev-parse', 'HEAD^{tree}'),
      await git(repository, 'rev-parse', 'HEAD^{tree}'),
    );
  });

  test('the same archives and key give the same commits, whoever writes them, at once or night by night', async () => {
    const repository = await whole('same');
    const head = await git(repository, 'rev-parse', 'HEAD');
    const home = path.join(folder, 'home');
    await mkdir(path.join(home, 'hooks'), { recursive: true });
    const hook = path.join(home, 'hook-ran');
    for (const name of ['reference-transaction', 'post-checkout', 'post-commit'])
      await writeFile(path.join(home, 'hooks', name), `#!/bin/sh\ntouch ${hook}\n`, { mode: 0o755 });
    await writeFile(
      path.join(home, '.gitconfig'),
      HOSTILE_CONFIG.replaceAll('HOOKS', path.join(home, 'hooks')),
    );
    const environment = { HOME: home, GIT_AUTHOR_NAME: 'Else', GIT_DIR: '/nowhere', TZ: 'Asia/Tokyo' };
    const other = path.join(folder, 'same-by-night');
    const own = path.join(folder, 'growing');
    await mkdir(own);
    await cp(
      path.join(dir, '.openshift-backup-redaction.key'),
      path.join(own, '.openshift-backup-redaction.key'),
    );
    for (const name of (await readdir(dir)).filter((file) => /^o.*\d{6}Z\.zip$/u.test(file)).toSorted()) {
      await cp(path.join(dir, name), path.join(own, name));
      await write(other, { from: own, environment });
    }
    assert.equal(await git(other, 'rev-parse', 'HEAD'), head);
    assert.equal((await readdir(home)).includes('hook-ran'), false);
    await assertSound(other);
    const bare = path.join(folder, 'bare.git');
    await runProgram('git', ['init', '--quiet', '--bare', '--initial-branch=trunk', bare]);
    await write(bare);
    assert.equal(await git(bare, 'rev-parse', 'trunk'), head);
    const named = path.join(folder, 'named');
    await write(named, { args: ['--author', 'Night Watch <night@example.com>'] });
    assert.notEqual(await git(named, 'rev-parse', 'HEAD'), head);
    assert.equal(
      await git(named, 'log', '-1', '--format=%an <%ae> %cn'),
      'Night Watch <night@example.com> Night Watch\n',
    );
  });

  test('goes on when archives have gone, and leaves out those that came too late', async () => {
    const own = path.join(folder, 'gone');
    await mkdir(own);
    const repository = path.join(folder, 'of-gone');
    await writeNightOf(own, 11, NIGHTS[0] ?? {});
    await write(repository, { from: own });
    for (const name of await readdir(own)) if (name.endsWith('.zip')) await rm(path.join(own, name));
    await writeNightOf(own, 12, NIGHTS[1] ?? {});
    await writeNightOf(own, 10, NIGHTS[1] ?? {});
    const { stderr } = await write(repository, { from: own });
    assert.match(
      stderr,
      /^openshift-backup-20261110T001500Z\.zip is older than the newest commit, [^\n]+\n$/u,
    );
    assert.equal(
      await git(repository, 'log', '--format=%s'),
      '4 objects in 1 project\n4 objects in 1 project\n',
    );
    assert.match(await git(repository, 'diff', 'HEAD~1', 'HEAD'), /\+ +"image": "web:2"/u);
    await writeNightOf(own, 13, { ...NIGHTS[1], manifest: { cluster: { id: 'other', serverVersion: '1' } } });
    const head = await git(repository, 'rev-parse', 'HEAD');
    const refused = await write(repository, { from: own, code: 5 });
    assert.match(refused.stderr, /^error: The history is of another cluster [^\n]+\n$/u);
    assert.equal(await git(repository, 'rev-parse', 'HEAD'), head);
  });

  test('names a damaged archive, and takes the others', async () => {
    const own = path.join(folder, 'damaged');
    await cp(dir, own, { recursive: true });
    const file = path.join(own, 'openshift-backup-20261111T001500Z.zip');
    const bytes = await readFile(file);
    bytes.fill(0xff, 60, 90);
    await writeFile(file, bytes);
    const repository = path.join(folder, 'of-damaged');
    const { stderr } = await write(repository, { from: own, code: 4 });
    assert.match(
      stderr,
      /^openshift-backup-20261111T001500Z\.zip is damaged and not in the history: [^\n]+\n$/u,
    );
    assert.equal(await git(repository, 'rev-list', '--count', 'HEAD'), '3\n');
    await assertSound(repository);
  });

  describe('refuses', () => {
    const CASES: Readonly<Record<string, (repository: string) => Promise<unknown>>> = {
      'a folder with other files': async (repository) => {
        await mkdir(repository);
        await writeFile(path.join(repository, 'notes.txt'), 'mine');
      },
      'a repository with other commits': async (repository) => {
        await runProgram('git', ['init', '--quiet', repository]);
        await commit(repository, 'mine');
      },
      'a history to which somebody has added': async (repository) => {
        await write(repository);
        await commit(repository, 'mine\n\nArchive: no archive');
      },
      'a changed file': async (repository) => {
        await write(repository);
        await writeFile(path.join(repository, 'shop/secrets.json'), 'mine');
      },
      'a file of somebody': async (repository) => {
        await write(repository);
        await writeFile(path.join(repository, 'mine.txt'), 'mine');
      },
      'a repository on no branch': async (repository) => {
        await write(repository);
        await git(repository, 'checkout', '--quiet', '--detach');
      },
      'a file': async (repository) => await writeFile(repository, 'mine'),
    };
    for (const [index, [what, make]] of Object.entries(CASES).entries()) {
      test(what, async () => {
        const repository = path.join(folder, `refused-${index}`);
        await make(repository);
        const files = await contentOf(repository);
        const { stderr, stdout } = await write(repository, { code: 5 });
        assert.deepEqual([stdout, /^error: [^\n]+\n$/u.test(stderr)], ['', true], stderr);
        assert.deepEqual(await contentOf(repository), files, 'nothing is changed');
      });
    }
  });

  test('says plainly what is missing', async () => {
    const repository = path.join(folder, 'missing');
    const [node = ''] = cliCommand([]);
    const environment = { PATH: path.join(folder, 'nowhere') };
    const result = await runCli(['history', '--dir', dir, '--git', repository], { environment });
    assert.equal(result.code, 2, node);
    assert.match(result.stderr, /^error: The history needs the program git, [^\n]+\n$/u);
    assert.equal((await readdir(folder)).includes('missing'), false);
    for (const args of [
      [],
      ['--git', ''],
      ['--git', repository, '--author', 'a <b>\nc'],
      ['--git', '/no/such/place'],
    ])
      assert.equal((await runCli(['history', '--dir', dir, ...args])).code, 2, args.join(' '));
  });

  test('goes on after it was killed at any moment', async () => {
    const head = await git(await whole('unkilled'), 'rev-parse', 'HEAD');
    const startMs = performance.now();
    await whole('timed');
    const durationMs = performance.now() - startMs;
    const repository = path.join(folder, 'killed');
    for (let part = 1; part <= 12; part++) {
      // A group of its own: git is killed with it, as with a container.
      const [command = '', ...args] = cliCommand(['history', '--dir', dir, '--git', repository]);
      const child = spawn(command, args, {
        env: cliEnvironment(),
        stdio: 'ignore',
        detached: part % 2 === 0,
      });
      const timer = setTimeout(
        () => process.kill(part % 2 === 0 ? -Number(child.pid) : Number(child.pid), 'SIGKILL'),
        (durationMs * part) / 13,
      );
      await once(child, 'exit');
      clearTimeout(timer);
    }
    const { code, stderr } = await runCli(['history', '--dir', dir, '--git', repository]);
    assert.equal(code, 0, stderr);
    assert.equal(await git(repository, 'rev-parse', 'HEAD'), head);
    await assertSound(repository);
  });

  test('is set right after a run that ended between its commits and its files', async () => {
    const repository = await whole('between');
    await git(repository, 'read-tree', '-m', '-u', 'HEAD', 'HEAD~3');
    assert.notEqual(await git(repository, 'status', '--porcelain'), '');
    // The lock of a process that has ended.
    const child = spawn('true');
    await once(child, 'exit');
    const { host } = (await import('../../src/archive/owner.ts')).thisOwner();
    await writeFile(path.join(repository, '.git/openshift-backup.lock'), `${Number(child.pid)}-1-${host}`);
    await write(repository);
    await assertSound(repository);
  });

  for (const missingParts of [['objects'], ['objects', 'config'], ['objects', 'config', 'HEAD', 'refs']]) {
    test(`is made by the next run when the first was killed before it had ${missingParts.join(', ')}`, async () => {
      const repository = await mkdtemp(path.join(folder, 'half-'));
      await runProgram('git', ['init', '--quiet', '--template=', '--initial-branch=main', repository]);
      for (const part of missingParts) await rm(path.join(repository, '.git', part), { recursive: true });
      await writeFile(path.join(repository, '.git/config.lock'), '');
      await write(repository);
      await assertSound(repository);
      assert.equal(await git(repository, 'symbolic-ref', 'HEAD'), 'refs/heads/main\n');
    });
  }

  test('of two at once, one writes and the other does so too or is refused', async () => {
    const repository = path.join(folder, 'twice');
    const head = await git(await whole('once'), 'rev-parse', 'HEAD');
    const args = ['history', '--dir', dir, '--git', repository];
    const results = await Promise.all([runCli(args), runCli(args), runCli(args)]);
    const codes = results.map(({ code }) => code);
    assert.ok(codes.includes(0), JSON.stringify(results));
    assert.ok(
      codes.every((code) => code === 0 || code === 5),
      JSON.stringify(results),
    );
    assert.equal(await git(repository, 'rev-parse', 'HEAD'), head);
    await assertSound(repository);
  });

  test('SIGTERM ends it with 143, and the files are those of its commits', async () => {
    const repository = path.join(folder, 'terminated');
    await mkdir(repository);
    const { child, ended } = startCli(['history', '--dir', dir, '--git', repository]);
    while (!(await readdir(repository)).includes('.git') && child.exitCode === null)
      await new Promise(setImmediate);
    child.kill('SIGTERM');
    const { code, signal } = await ended;
    assert.deepEqual([[0, 143].includes(code ?? -1), signal], [true, null], String(code));
    await write(repository);
    await assertSound(repository);
    assert.equal(await git(repository, 'rev-list', '--count', 'HEAD'), `${NIGHTS.length}\n`);
  });
});

/** Git finds nothing wrong with it, the files are those of the newest commit, and nobody holds a lock. */
async function assertSound(repository: string): Promise<void> {
  await git(repository, 'fsck', '--strict', '--full');
  assert.equal(await git(repository, 'status', '--porcelain', '--ignored'), '');
  const names = await readdir(path.join(repository, '.git'));
  assert.deepEqual(
    names.filter((name) => name.includes('lock')),
    [],
  );
}

async function git(repository: string, ...args: readonly string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    GIT_CONFIG_GLOBAL: '/dev/null',
    HOME: '/nonexistent',
    TZ: 'UTC',
  };
  return await runProgram('git', ['-C', repository, ...args], { env });
}

async function commit(repository: string, message: string): Promise<void> {
  const who = ['-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.com'];
  await git(repository, ...who, 'commit', '--quiet', '--allow-empty', '-m', message);
}

/** Every file but git's own index, which `git status` writes. */
async function contentOf(target: string): Promise<Record<string, string>> {
  try {
    const names = await readdir(target, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile() && entry.name !== 'index');
    return Object.fromEntries(
      await Promise.all(
        files.map(async ({ parentPath, name }) => {
          const file = path.join(parentPath, name);
          return [file, await readFile(file, 'base64')] as const;
        }),
      ),
    );
  } catch {
    return { [target]: await readFile(target, 'utf8') };
  }
}

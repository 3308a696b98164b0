import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, chmod, constants, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { KnownError, systemErrorCode } from '../../src/model/known-error.ts';

const MODULE_FOLDER = path.join(import.meta.dirname, 'binaries');
const PROGRESS_INTERVAL_MS = 15_000;
const OTHER_WAYS =
  'set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kubectl, ' +
  'or point KUBECONFIG at a cluster of your own and run openshift-backup there';

/** How to start each program: the command and its first arguments. */
export interface Binaries {
  readonly etcd: readonly string[];
  readonly kubeApiserver: readonly string[];
  readonly kubectl: readonly string[];
  /** This one and those below aren't there where KUBEBUILDER_ASSETS names a folder without them, as envtest's own are. */
  readonly kubeControllerManager?: readonly string[];
  readonly kubeScheduler?: readonly string[];
  readonly kubelet?: readonly string[];
}

/** Takes one line of what is going on, without a newline. */
export type Log = (line: string) => void;

/**
 * The programs of a control plane: from KUBEBUILDER_ASSETS (the folder that envtest uses too), else one
 * binary that was built earlier, else that binary, built now with the system's Go. It lies in the user's
 * cache folder, named after the Kubernetes version and a hash of its sources, so it is built once.
 *
 * @throws {KnownError} when there is no way to get them, with what can be done
 */
export async function ensureBinaries(log: Log): Promise<Binaries> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && assets !== '') return fromFolder(assets);
  const source = await readSource();
  const binary = path.join(cacheFolder(), `cluster-binaries-${source.version}-${source.hash}`);
  if (!(await isExecutable(binary))) await build(binary, source, log);
  return {
    etcd: [binary, 'etcd'],
    kubeApiserver: [binary, 'kube-apiserver'],
    kubeControllerManager: [binary, 'kube-controller-manager'],
    kubeScheduler: [binary, 'kube-scheduler'],
    kubelet: [binary, 'kubelet'],
    kubectl: [binary, 'kubectl'],
  };
}

/** The folder for what can be made again: `$XDG_CACHE_HOME/openshift-backup`, else below `~/.cache`. */
export function cacheFolder(): string {
  const configured = process.env['XDG_CACHE_HOME'];
  // Relative paths there are to be ignored: https://specifications.freedesktop.org/basedir-spec/0.8/
  const base =
    configured !== undefined && path.isAbsolute(configured) ? configured : path.join(homedir(), '.cache');
  return path.join(base, 'openshift-backup');
}

interface Source {
  /** Of Kubernetes, as in `v1.34.4`. */
  readonly version: string;
  /** The oldest Go that can build it, as in `1.24.0`. */
  readonly oldestGo: string;
  readonly hash: string;
}

async function fromFolder(folder: string): Promise<Binaries> {
  const binary = (name: string): string => path.join(folder, name);
  for (const name of ['etcd', 'kube-apiserver', 'kubectl']) {
    if (await isExecutable(binary(name))) continue;
    throw new KnownError(
      'usage',
      `KUBEBUILDER_ASSETS is ${folder}, and there is no program ${name} in it: ` +
        'put it there, or unset KUBEBUILDER_ASSETS to have the programs built with Go',
    );
  }
  const ifThere = async (name: string): Promise<readonly string[] | undefined> =>
    (await isExecutable(binary(name))) ? [binary(name)] : undefined;
  const [kubeControllerManager, kubeScheduler, kubelet] = await Promise.all(
    ['kube-controller-manager', 'kube-scheduler', 'kubelet'].map(ifThere),
  );
  return {
    etcd: [binary('etcd')],
    kubeApiserver: [binary('kube-apiserver')],
    ...(kubeControllerManager && { kubeControllerManager }),
    ...(kubeScheduler && { kubeScheduler }),
    ...(kubelet && { kubelet }),
    kubectl: [binary('kubectl')],
  };
}

async function readSource(): Promise<Source> {
  const [goMod = '', ...others] = await Promise.all(
    ['go.mod', 'go.sum', 'main.go'].map((file) => readFile(path.join(MODULE_FOLDER, file), 'utf8')),
  );
  const version = /^\tk8s\.io\/kubernetes (v\S+)$/mu.exec(goMod)?.[1];
  const goLine = /^go (\S+)$/mu.exec(goMod)?.[1];
  if (version === undefined || goLine === undefined) throw new Error('go.mod names no version');
  const hash = createHash('sha256');
  for (const text of [goMod, ...others]) hash.update(text).update('\0');
  return { version, oldestGo: goLine, hash: hash.digest('hex').slice(0, 12) };
}

async function build(binary: string, source: Source, log: Log): Promise<void> {
  await requireGo(source.oldestGo);
  await mkdir(path.dirname(binary), { recursive: true });
  const programs = 'etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kubectl';
  log(`Building Kubernetes ${source.version} (${programs}) into ${path.dirname(binary)}`);
  log('The first time this takes about 10 minutes and downloads 700 MB; with a build cache, seconds.');
  // Two builds at once each write a file of their own; the later rename replaces an equal file.
  const unfinished = `${binary}.${randomUUID()}.tmp`;
  try {
    await goBuild(unfinished, source, log);
    await chmod(unfinished, 0o755);
    await rename(unfinished, binary);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function goBuild(output: string, source: Source, log: Log): Promise<void> {
  const ldflags = `-s -w -X k8s.io/component-base/version.gitVersion=${source.version}`;
  const argv = ['build', '-v', '-trimpath', '-buildvcs=false', '-ldflags', ldflags, '-o', output, '.'];
  const child = spawn('go', argv, {
    cwd: MODULE_FOLDER,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const startedMs = Date.now();
  const progress = { downloads: 0, packages: 0 };
  const messages: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('go: downloading ')) progress.downloads += 1;
    else if (/^[\w./~-]+$/u.test(line)) progress.packages += 1;
    else messages.push(line);
  });
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    log(`… ${seconds} s: ${progress.downloads} modules downloaded, ${progress.packages} packages compiled`);
  }, PROGRESS_INTERVAL_MS);
  const end = await endOf(child).finally(() => clearInterval(timer));
  if (end === 0) return;
  const last = messages.slice(-8).join('\n');
  throw new KnownError('failed', `go build failed (${end}); its last lines:\n${last}\nElse ${OTHER_WAYS}`);
}

async function requireGo(oldest: string): Promise<void> {
  const found = await installedGo();
  if (found === undefined) {
    throw new KnownError(
      'failed',
      `the test cluster needs Go ${oldest} or newer to build kube-apiserver and etcd, and there is no go ` +
        `command: install Go (https://go.dev/dl), or ${OTHER_WAYS}`,
    );
  }
  if (isOlder(found, oldest)) {
    throw new KnownError(
      'failed',
      `the test cluster needs Go ${oldest} or newer to build kube-apiserver and etcd, and this is ` +
        `Go ${found}: install a newer one (https://go.dev/dl), or ${OTHER_WAYS}`,
    );
  }
}

/** The version of the system's own Go (`1.26.1`), or undefined where there is none. */
async function installedGo(): Promise<string | undefined> {
  // Away from any go.mod, and without fetching another toolchain: the one that is installed answers.
  const env = { ...process.env, GOTOOLCHAIN: 'local' };
  const child = spawn('go', ['version'], { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  try {
    await endOf(child);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return /\bgo(\d+\.\d+(?:\.\d+)?)/u.exec(output)?.[1] ?? '0';
}

function isOlder(version: string, oldest: string): boolean {
  const [mine = [], theirs = []] = [version, oldest].map((text) => text.split('.').map(Number));
  for (const [index, part] of theirs.entries()) {
    const other = mine[index] ?? 0;
    if (other !== part) return other < part;
  }
  return false;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Resolves with the exit code, or the name of the signal, once the output has been read; rejects if it can't start. */
function endOf(child: ReturnType<typeof spawn>): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Certificate, type CertificateRequest, createAuthority } from '../cluster/certificates.ts';
import { type Cluster, READ_EVERYTHING, sharedCluster } from '../cluster/cluster.ts';
import { kubeconfig } from '../cluster/cluster-files.ts';
import { filesIn } from './archive-folder.ts';
import { type BadServer, portalServer } from './bad-servers.ts';
import { makeMessyFolder } from './messy-folder.ts';
import { messageLines, runCli } from './run-cli.ts';

const PROJECT = 'bad-input';

/** What a case changes of a run that would work. */
export interface Input {
  /** Default: `run`. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The text of the kubeconfig; null for none at all. */
  readonly config?: string | Buffer | null;
}

/** Name, exit code, what the message says behind `error: `, and how it is brought about. */
export type BadCase = readonly [
  name: string,
  code: number,
  message: RegExp,
  input: (world: World) => Input | Promise<Input>,
];

/** Defines one test for each case: one line that says what is wrong, nothing left behind, nothing lost. */
export function testBadInput(title: string, cases: readonly BadCase[]): void {
  const world = new World();
  describe(title, { concurrency: 4 }, () => {
    before(() => world.open());
    after(() => world.close());
    for (const [name, code, message, input] of cases) {
      test(name, async () => {
        const home = await mkdtemp(path.join(world.folder, 'case-'));
        const dir = path.join(home, 'archives');
        await makeMessyFolder(dir);
        const files = await filesIn(dir);
        const { args = ['run'], config = world.good, environment } = await input(world);
        const given: Record<string, string> = { OPENSHIFT_BACKUP_DIR: dir };
        if (config !== null) await writeFile((given['KUBECONFIG'] = path.join(home, 'kubeconfig')), config);
        // Were a case to get through, rotation would show it.
        const shortest = { OPENSHIFT_BACKUP_RETAIN_DAYS: '0', OPENSHIFT_BACKUP_KEEP_LAST: '1' };
        const result = await runCli(args, { environment: { ...shortest, ...given, ...environment } });
        const [line = '', ...more] = messageLines(result);
        assert.ok(line.startsWith('error: '), line);
        assert.match(line.slice('error: '.length), message);
        const isHinted = /^(?:unknown|option|too many)/u.test(line.slice('error: '.length));
        assert.deepEqual(more, isHinted ? ['(--help shows the options)'] : []);
        assert.deepEqual({ code: result.code, stdout: result.stdout }, { code, stdout: '' });
        assert.doesNotMatch(line, /TOP-SECRET|defect/u);
        assert.ok(world.token !== '' && !result.stderr.includes(world.token), 'no token is shown');
        assert.deepEqual(await filesIn(dir), files, 'nothing left behind, nothing lost');
      });
    }
  });
}

/** What the cases are made of: a cluster, a kubeconfig that works there, and servers that don't. */
export class World {
  readonly #servers: BadServer[] = [];
  #cluster: Cluster | undefined;
  folder = '';
  /** A kubeconfig that works, and its token. */
  good = '';
  token = '';

  get cluster(): Cluster {
    assert.ok(this.#cluster);
    return this.#cluster;
  }

  async open(): Promise<void> {
    this.#cluster = await sharedCluster();
    this.folder = await mkdtemp(path.join(tmpdir(), 'bad-input-test-'));
    const namespaceRules = { [PROJECT]: READ_EVERYTHING };
    const login = await this.cluster.serviceAccount({ namespace: PROJECT, name: 'reader', namespaceRules });
    this.token = login.token;
    this.good = await readFile(login.kubeconfig, 'utf8');
  }

  async close(): Promise<void> {
    for (const server of this.#servers) await server.stop();
    await rm(this.folder, { recursive: true });
  }

  /** The kubeconfig with a part replaced. */
  changed(part: string | RegExp, by: string): Input {
    assert.notEqual(this.good.replace(part, by), this.good);
    return { config: this.good.replace(part, by) };
  }

  /** The kubeconfig for a server at another address. */
  at(url: string): Input {
    return this.changed(/"server": "[^"]*"/u, `"server": "${url}"`);
  }

  /** A kubeconfig with other credentials. */
  async as(user: { readonly token: string } | Certificate): Promise<Input> {
    return { config: kubeconfig(this.cluster.server, await readFile(this.cluster.caFile, 'utf8'), user) };
  }

  /** The kubeconfig for a server that is started by this call. */
  async started(server: Promise<BadServer>): Promise<Input> {
    const { url } = this.#keep(await server);
    return this.at(url);
  }

  /** A kubeconfig for a server that answers with a web page, and has a certificate of its own. */
  async portal(status: number, request: Partial<CertificateRequest> = {}): Promise<Input> {
    const authority = createAuthority('authority of the portal');
    const names = { commonName: 'portal', usage: 'server', addresses: ['127.0.0.1'] } as const;
    const { url } = this.#keep(await portalServer(authority.issue({ ...names, ...request }), status));
    return { config: kubeconfig(url, authority.certificatePem, { token: this.token }) };
  }

  /** A new file, or whatever `make` makes. */
  async path(name: string, make: (target: string) => Promise<void>): Promise<string> {
    const target = path.join(this.folder, name);
    await make(target);
    return target;
  }

  #keep(server: BadServer): BadServer {
    this.#servers.push(server);
    return server;
  }
}

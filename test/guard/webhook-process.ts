import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Authority, createAuthority } from '../cluster/certificates.ts';
import { startCli, type StartedCli } from '../support/run-cli.ts';
import { SETTINGS } from './guard-cluster.ts';

/** `openshift-backup guard serve` in a process of its own. */
export interface WebhookProcess extends StartedCli {
  readonly port: number;
  readonly authority: Authority;
  /** Writes another certificate of the same authority over the first one. */
  readonly renew: (notAfter?: Date) => Promise<void>;
  readonly files: { readonly certificate: string; readonly key: string };
  readonly stop: () => Promise<void>;
}

/** Starts it on a free port of 127.0.0.1, with a certificate that is good for a year. */
export async function startWebhook(
  port = 0,
  authority = createAuthority('guard test'),
): Promise<WebhookProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'guard-test-'));
  const files = { certificate: path.join(folder, 'tls.crt'), key: path.join(folder, 'tls.key') };
  const renew = async (notAfter?: Date): Promise<void> => {
    const issued = authority.issue({
      commonName: 'guard',
      usage: 'server',
      dnsNames: ['localhost'],
      addresses: ['127.0.0.1'],
      ...(notAfter && { notAfter, notBefore: new Date(notAfter.getTime() - 86_400_000) }),
    });
    await writeFile(files.key, issued.privateKeyPem);
    await writeFile(files.certificate, issued.certificatePem);
  };
  await renew();
  const cli = startCli([
    'guard',
    'serve',
    '--port',
    String(port),
    '--tls-cert',
    files.certificate,
    '--tls-key',
    files.key,
    ...SETTINGS.images.flatMap((image) => ['--guard-image', image]),
    ...SETTINGS.creators.flatMap((user) => ['--guard-creator', user]),
    ...SETTINGS.administrators.flatMap((user) => ['--guard-administrator', user]),
    ...SETTINGS.administratorGroups.flatMap((group) => ['--guard-administrator-group', group]),
  ]);
  const listening = await new Promise<number>((resolve, reject) => {
    let log = '';
    cli.child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const line = log.split('\n').find((one) => one.includes('"Listening"') && one.endsWith('}'));
      if (line !== undefined) resolve((JSON.parse(line) as { port: number }).port);
    });
    cli.child.on('close', () => reject(new Error(log)));
  });
  return {
    ...cli,
    port: listening,
    authority,
    renew,
    files,
    stop: async () => {
      cli.child.kill('SIGKILL');
      await cli.ended;
      await rm(folder, { recursive: true });
    },
  };
}

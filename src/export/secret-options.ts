import type { Redaction } from '../archive/redaction-key.ts';
import type { ExportOptions } from '../model/manifest.ts';
import type { Fingerprint } from '../prune/redact-object.ts';

/** The options of an export, and what stands for a secret value; undefined to store the values themselves. */
export interface SecretOptions {
  readonly options: ExportOptions;
  readonly fingerprint?: Fingerprint;
}

/**
 * What the export needs to keep secret values out, if they are not to be included.
 *
 * @param load gives the key; called only when one is needed
 */
export async function secretOptionsOf(
  options: ExportOptions,
  load: () => Promise<Redaction>,
): Promise<SecretOptions> {
  const { secrets = 'include' } = options;
  if (secrets === 'include') return { options };
  if (secrets === 'exclude') return { options, fingerprint: () => 'redacted' };
  const { keyId, fingerprint } = await load();
  return { options: { ...options, redactionKeyId: keyId }, fingerprint };
}

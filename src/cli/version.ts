import { ARCHIVE_FORMAT } from '../model/manifest.ts';
import { RULE_SET } from '../prune/rules.ts';
import { COMPLETE } from './exit-code.ts';
import { type CommandInput, print } from './process-context.ts';
import { toolVersion } from './tool-version.ts';

/** `openshift-backup version`. */
export async function version({ process: context, output }: CommandInput): Promise<number> {
  const facts = {
    version: toolVersion(),
    archiveFormat: ARCHIVE_FORMAT,
    ruleSet: RULE_SET,
    node: process.version,
  };
  const line = `openshift-backup ${facts.version} (archive format ${facts.archiveFormat}, rule set ${facts.ruleSet}, Node.js ${facts.node})`;
  await print(context, output === 'json' ? `${JSON.stringify(facts, null, 2)}\n` : `${line}\n`);
  return COMPLETE;
}

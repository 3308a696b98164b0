import { counted, safeText } from '../model/text.ts';
import { readFile } from 'node:fs/promises';
import { DEFAULT_IGNORES } from '../drift/default-ignores.ts';
import { parseIgnoreFile } from '../drift/ignore-file.ts';
import type { IgnoreRule } from '../drift/ignore-rule.ts';
import { errorText, KnownError } from '../model/known-error.ts';

/**
 * The rules of the ignore files, behind the built-in ones if these hold.
 *
 * @param warn told of rules whose day is over, in one line
 * @throws KnownError `usage` for a file that can't be read, or holds something else
 */
export async function ignoreRules(
  files: readonly string[],
  hasDefaults: boolean,
  warn: (line: string) => void,
): Promise<IgnoreRule[]> {
  const rules: IgnoreRule[] = hasDefaults ? [...DEFAULT_IGNORES] : [];
  for (const path of files) {
    // Loaded only now: most runs have no such file.
    const { parseYaml } = await import('../config/yaml-value.ts');
    const { rules: own, expired } = parsed(path, parseYaml(path, await readText(path)));
    rules.push(...own);
    if (expired.length > 0)
      warn(
        `${safeText(path)}: ${counted(expired.length, 'rule')} no longer applied, because the day in "expires" is over`,
      );
  }
  return rules;
}

function parsed(path: string, value: unknown): ReturnType<typeof parseIgnoreFile> {
  try {
    return parseIgnoreFile(value, new Date());
  } catch (error) {
    throw error instanceof KnownError ? new KnownError(error.kind, `${path}: ${error.message}`) : error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new KnownError('usage', `The ignore file ${path} cannot be read: ${errorText(error)}`, {
      cause: error,
    });
  }
}

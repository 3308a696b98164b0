import { parseDocument } from 'yaml';
import { KnownError } from '../model/known-error.ts';

/**
 * What a text in YAML or JSON holds, as plain JavaScript values.
 *
 * @param path the file's name, for the message
 * @throws KnownError `usage`, in one line, for what is no YAML
 */
export function parseYaml(path: string, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true, version: '1.2' });
  const [fault] = [...document.errors, ...document.warnings];
  try {
    if (fault) throw fault;
    return document.toJS() as unknown;
  } catch (error) {
    // An alias without an anchor, or too many of them, shows only here.
    const [line = ''] = (error instanceof Error ? error.message : '').split('\n', 1);
    throw new KnownError('usage', `${path} is not right as YAML: ${line.replace(/:$/u, '')}`, {
      cause: error,
    });
  }
}

import assert from 'node:assert/strict';
import { filesIn } from './archive-folder.ts';
import { type CliResult, messageLines } from './run-cli.ts';

/** Asserts that a run has failed with one line, and that the folder is as it was. */
export async function assertFailed(
  result: CliResult,
  dir: string,
  expected: { readonly files: Record<string, string>; readonly message: RegExp; readonly code?: number },
): Promise<void> {
  const lines = messageLines(result);
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.match(lines[0] ?? '', expected.message);
  assert.deepEqual([result.code, result.stdout], [expected.code ?? 4, '']);
  assert.deepEqual(await filesIn(dir), expected.files, 'nothing left, nothing lost');
}

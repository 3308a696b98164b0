import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { conditionText, pathText } from '../../src/prune/rule.ts';
import { APPLY_RULES, PRUNE_RULES, RULE_SET, SECRET_RULES, SKIP_RULES } from '../../src/prune/rules.ts';
import { SKIPPED_GROUPS, SKIPPED_TYPES } from '../../src/prune/skip-types.ts';

test('every rule has an id of its own and says why', () => {
  const rules = [...PRUNE_RULES, ...APPLY_RULES, ...SKIP_RULES, ...SECRET_RULES];
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
  for (const { id, reason, source } of rules)
    assert.ok(reason.length > 10 && source.startsWith('https://'), id);
});

test('RULE_SET changes with the rules', () => {
  const fields = [PRUNE_RULES, APPLY_RULES, SECRET_RULES].map((rules) =>
    rules.map(({ types, path, when, isParentKept }) => [
      types,
      pathText(path),
      when && conditionText(when),
      isParentKept,
    ]),
  );
  const objects = SKIP_RULES.map(({ types, when, rest }) => [
    types,
    conditionText(when),
    rest && conditionText(rest),
  ]);
  const digest = createHash('sha256')
    .update(
      JSON.stringify([
        fields,
        objects,
        SKIPPED_TYPES.map(({ rule, types }) => [rule, types]),
        SKIPPED_GROUPS,
      ]),
    )
    .digest('hex');
  assert.deepEqual(
    [RULE_SET, digest.slice(0, 16)],
    ['3', '33bee887948da84e'],
    'the rules differ: count RULE_SET up and write the new pair here',
  );
});

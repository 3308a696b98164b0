import assert from 'node:assert/strict';
import type { Value } from '../../src/drift/drift.ts';
import type { PatchOperation } from '../../src/drift/json-patch.ts';
import { isList, isMap } from '../../src/drift/value.ts';

/** Applies a patch as RFC 6902 says: every operation must find what it asks for. */
export function applyPatch(value: Value, operations: readonly PatchOperation[]): Value {
  return operations.reduce<Value>((at, operation) => {
    const [first, ...steps] = operation.path
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    assert.equal(first, '', 'a pointer is empty or begins with /');
    return applied(at, steps, operation) ?? null;
  }, value);
}

/** @returns undefined for a value that was removed */
function applied(
  at: Value | undefined,
  [step, ...rest]: readonly string[],
  operation: PatchOperation,
): Value | undefined {
  if (step === undefined) {
    if (operation.op === 'remove') return undefined;
    assert.ok(operation.value !== undefined);
    return operation.value;
  }
  const isNew = rest.length === 0 && operation.op === 'add';
  if (isMap(at)) {
    assert.ok(isNew || at.has(step), `there is a member ${step}`);
    const own = applied(at.get(step), rest, operation);
    const others = [...at].filter(([key]) => key !== step);
    return new Map(own === undefined ? others : [...others, [step, own]]);
  }
  assert.ok(isList(at), `there is something to step into with ${step}`);
  const index = Number(step);
  assert.ok(
    /^(?:0|[1-9]\d*)$/u.test(step) && index < at.length + Number(isNew),
    `there is an element ${step}`,
  );
  const own = applied(isNew ? undefined : at[index], rest, operation);
  return at.toSpliced(index, isNew ? 0 : 1, ...(own === undefined ? [] : [own]));
}

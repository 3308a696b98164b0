import { declined } from './declined.ts';
import type { ClaimSummary, Declined } from '../copy.ts';

const ONCE_PER_POD = 'ReadWriteOncePod';

/** Why pods that hold one of the claims leave no room for a copy. */
export function inUse(source: ClaimSummary, target: ClaimSummary): Declined | undefined {
  const writers = target.users.filter(({ isReadOnly }) => !isReadOnly);
  if (writers.length > 0)
    return declined(
      'target-in-use',
      `${podsText(writers)} may write to ${target.name}, which the copy would overwrite: scale the application down, or name another target`,
    );
  for (const { name, accessModes, users } of [source, target]) {
    if (users.length === 0 || !accessModes.includes(ONCE_PER_POD)) continue;
    return declined(
      'once-per-pod-in-use',
      `${name} is ${ONCE_PER_POD} and ${podsText(users)} has it: scale the application to zero and copy then, or use a snapshot of it`,
    );
  }
  return undefined;
}

/** `the pod a`, `the pods a and b`, `the pods a, b and 3 more`. */
export function podsText(users: readonly { readonly pod: string }[]): string {
  const names = users.map(({ pod }) => pod);
  const [first = '', second = ''] = names;
  if (names.length <= 1) return `the pod ${first}`;
  if (names.length === 2) return `the pods ${first} and ${second}`;
  return `the pods ${first}, ${second} and ${names.length - 2} more`;
}

import { KnownError } from '../model/known-error.ts';
import { gapsOf, type Manifest } from '../model/manifest.ts';

/** @throws KnownError `refused` for archives of two clusters */
export function refuseOthers(before: Manifest, after: Manifest): void {
  if (before.cluster.id === null || after.cluster.id === null || before.cluster.id === after.cluster.id)
    return;
  throw new KnownError(
    'refused',
    'The archives are of two clusters, so nothing in one has to do with the other: name two of one cluster, or add --force',
  );
}

/** Whether equal secret values have equal texts in both archives, and different ones different ones. */
export function secretsAreComparable(before: Manifest, after: Manifest): boolean {
  const [left, right] = [before.options, after.options];
  const mode = left.secrets ?? 'include';
  if (mode !== (right.secrets ?? 'include')) return false;
  return mode !== 'redact' || left.redactionKeyId === right.redactionKeyId;
}

/** What the reader should know of the two archives before he believes what differs. */
export function notesOn(before: Manifest, after: Manifest): string[] {
  return [
    ...clusterNotes(before, after),
    ...incompleteNotes('before', before),
    ...incompleteNotes('after', after),
    ...(before.ruleSet === after.ruleSet
      ? []
      : [
          `The archives were made under different rules (${before.ruleSet} and ${after.ruleSet}): a field may be there or gone because of a rule`,
        ]),
    ...secretNotes(before, after),
    ...selectorNotes(before, after),
    ...(Date.parse(before.startedAt) > Date.parse(after.startedAt)
      ? ['The first archive is the newer one: what is called added was removed, and the other way round']
      : []),
  ];
}

function clusterNotes(before: Manifest, after: Manifest): string[] {
  const [left, right] = [before.cluster.id, after.cluster.id];
  if (left === null || right === null)
    return ['Whether the archives are of one cluster is not known: kube-system could not be read'];
  return left === right ? [] : ['The archives are of two clusters'];
}

function incompleteNotes(side: string, { isComplete, types }: Manifest): string[] {
  const gaps = gapsOf(types).length;
  if (isComplete) return [];
  return [
    `The archive ${side} is incomplete: ${gaps} ${gaps === 1 ? 'part is' : 'parts are'} missing, and not compared`,
  ];
}

function secretNotes(before: Manifest, after: Manifest): string[] {
  const [left, right] = [before.options.secrets ?? 'include', after.options.secrets ?? 'include'];
  if (secretsAreComparable(before, after)) {
    return left === 'exclude'
      ? ['Secret values are in neither archive: whether they changed is not known']
      : [];
  }
  const how =
    left === right ? 'were redacted with different keys' : `were made with --secrets ${left} and ${right}`;
  return [`The archives ${how}: whether secret values changed is not known`];
}

function selectorNotes(before: Manifest, after: Manifest): string[] {
  const { selector = '' } = before.options;
  if (selector === '' || selector !== after.options.selector) return [];
  return [
    `Both archives are of the labels ${selector}: an object may be added or removed because its labels changed`,
  ];
}

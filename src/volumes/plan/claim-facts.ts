import type { ClaimUser } from './claim-users.ts';
import type { ClaimSummary, ClusterObject } from '../copy.ts';
import { textAt, textsAt } from '../fields.ts';

/** What a claim is. */
export function claimSummary(claim: ClusterObject, users: readonly ClaimUser[]): ClaimSummary {
  const modes = textsAt(claim, 'status', 'accessModes');
  return {
    name: textAt(claim, 'metadata', 'name'),
    uid: textAt(claim, 'metadata', 'uid'),
    phase: textAt(claim, 'status', 'phase'),
    // Those of the volume, once there is one: they decide where it may be attached.
    accessModes: modes.length > 0 ? modes : textsAt(claim, 'spec', 'accessModes'),
    volumeMode: textAt(claim, 'spec', 'volumeMode') || 'Filesystem',
    storageClass: textAt(claim, 'spec', 'storageClassName'),
    capacityBytes:
      quantityBytes(textAt(claim, 'status', 'capacity', 'storage')) ||
      quantityBytes(textAt(claim, 'spec', 'resources', 'requests', 'storage')),
    volume: textAt(claim, 'spec', 'volumeName'),
    users: users.map(({ pod, node, isReadOnly }) => ({ pod, node, isReadOnly })),
  };
}

/** Powers of ten and of two, as in `1Gi`, `500M` and `2e9`. */
const QUANTITY =
  /^(?<number>\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?$/u;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** The bytes that a quantity stands for; 0 for a text that is none. */
export function quantityBytes(text: string): number {
  const { number = '0', suffix = '' } = QUANTITY.exec(text)?.groups ?? {};
  const value = Number(number);
  if (BINARY.indexOf(suffix) > 0) return value * 1024 ** BINARY.indexOf(suffix);
  const place = DECIMAL.indexOf(suffix);
  return value * (place === -1 ? 10 ** Number(suffix.slice(1)) : 1000 ** (place - 3));
}

/** Whether a volume may be attached to more than one node at a time. */
export function mayBeShared({ accessModes }: Pick<ClaimSummary, 'accessModes'>): boolean {
  return accessModes.includes('ReadWriteMany');
}

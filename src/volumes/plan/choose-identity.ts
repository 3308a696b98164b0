import type { BackuperReport, SideFacts } from '../../model/backuper.ts';
import { KnownError } from '../../model/known-error.ts';
import type { ChosenIdentity, CopyPlan, Declined, Tier } from '../copy.ts';
import { declined } from './declined.ts';
import { lacksRoom } from './room.ts';
import { type FileOwners, fileOwners } from './file-owners.ts';

/** What follows from a look into the volumes. */
export type IdentityChoice =
  | { readonly kind: 'identity'; readonly identity: ChosenIdentity }
  | { readonly kind: 'probe-again'; readonly as: ChosenIdentity }
  | Declined;

/** What of the cluster decides who a pod runs as. */
export interface ClusterKind {
  readonly isOpenShift: boolean;
}

/** Owns nothing anywhere, nor is it the id that NFS servers give to strangers (65534). */
const NOBODY = 65_532;
/** What root needs, all else dropped, to write as others have written; without FOWNER times and modes are refused. */
const TO_COPY = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'];
const TO_READ = ['DAC_OVERRIDE'];

/**
 * Who looks into the volumes first: whoever is most likely to own the files, and never root. So root is only reached
 * when somebody else could not read everything.
 */
export function firstProber(plan: CopyPlan, { isOpenShift }: ClusterKind): ChosenIdentity {
  const uid = plan.likelyOwner?.uid ?? 0;
  const gid = plan.likelyOwner?.gid ?? uid;
  const [nothing, reason] = [{ capabilities: [] }, `the pods that use the source run as user ${uid}`];
  if (!isOpenShift && uid === 0)
    return {
      ...nothing,
      tier: 'project',
      uid: NOBODY,
      gid: NOBODY,
      reason: 'no pod says who may own the files',
    };
  if (!isOpenShift) return { ...nothing, tier: 'project', uid, gid, reason };
  if (uid !== 0 && uid !== plan.projectUids?.first) return { ...nothing, tier: 'owner', uid, gid, reason };
  return { ...nothing, tier: 'project', uid: undefined, gid: undefined, reason: "as the project's own user" };
}

/**
 * The lowest tier that copies everything with its owners: the project's own user or the owner of all entries where
 * there is one, and root only where there are several or where it alone can read. Looks again, as somebody else,
 * while that could show more: at most three times in all.
 *
 * @param prober as whom the probe ran
 * @throws KnownError `failed` when the report tells nothing of the volumes: its outcome is to be read first
 */
export function chooseIdentity(
  plan: CopyPlan,
  probe: BackuperReport,
  prober: Tier,
  cluster: ClusterKind,
): IdentityChoice {
  const { source, target } = probe;
  if (!source || !target)
    throw new KnownError('failed', `The probe tells nothing of the volumes: ${probe.message}`);
  const sides: Sides = { plan, source, target, prober, proberUid: probe.identity?.uid, cluster };
  if (source.unreadableCount > 0) return readerOf(sides);
  return lacksRoom(plan, source, target) ?? writerOf(sides);
}

interface Sides {
  readonly plan: CopyPlan;
  readonly source: SideFacts;
  readonly target: SideFacts;
  readonly prober: Tier;
  readonly proberUid: number | undefined;
  readonly cluster: ClusterKind;
}

/** Who could read what the prober could not; declined when nobody could. */
function readerOf({ plan, source, prober, proberUid }: Sides): IdentityChoice {
  const owners = fileOwners(source);
  const count = `${source.unreadableCount} entries of ${plan.source.name}`;
  const paths = source.unreadable.length === 0 ? '' : ` (${source.unreadable.join(', ')})`;
  const owner = hiddenOwner(source, owners);
  if (prober === 'project' && owner !== undefined && owner.uid !== proberUid)
    return { kind: 'probe-again', as: owner };
  if (prober === 'root')
    return declined(
      'mixed-owners',
      `even root can't read ${count}${paths}: the storage (${source.fileSystem}) takes root for a stranger; export it with no_root_squash, or copy a folder with one owner`,
    );
  if (plan.highestTier === 'root')
    return { kind: 'probe-again', as: rootIdentity(TO_READ, `${count} can't be read otherwise`) };
  const who = proberUid === undefined ? 'the probe' : `user ${proberUid}`;
  return declined(
    owners.uids.length > 1 ? 'mixed-owners' : 'pod-security',
    `${who} can't read ${count}${paths}, and ${restricted(plan)}`,
  );
}

/** Whoever owns all that can be seen owns most likely what can't be. Undefined for several, and for root. */
function hiddenOwner({ root }: SideFacts, { uids, gids, isCut }: FileOwners): ChosenIdentity | undefined {
  const [uid = root.uid] = uids;
  if (uids.length > 1 || isCut || uid === 0) return undefined;
  return ownerIdentity(uid, gids.length === 0 ? [root.gid] : gids, `what can be seen belongs to user ${uid}`);
}

function writerOf(sides: Sides): IdentityChoice {
  const { source, target, prober } = sides;
  const owners = fileOwners(source);
  const uid = owners.uids[0] ?? ownerOfNothing(sides);
  if (owners.uids.length > 1 || owners.isCut)
    return asRoot(sides, 'mixed-owners', `the files belong to several users (${owners.text})`);
  if (uid === 0) return asRoot(sides, 'pod-security', 'the files belong to root');
  if (prober === 'root')
    return asRoot(sides, 'pod-security', `the files belong to user ${uid}, who can't read all of them`);
  const strangers = strangersText(sides, uid);
  if (strangers !== undefined) return asRoot(sides, 'mixed-owners', strangers);
  const gids = owners.gids.length > 0 ? owners.gids : [source.root.gid];
  return { kind: 'identity', identity: withTargetGroup(ownerOrProject(sides, uid, gids), uid, target) };
}

/** An empty source has no owner but that of its root, which says nothing when that is root. */
function ownerOfNothing({ source, proberUid = 0 }: Sides): number {
  return source.root.uid === 0 ? proberUid : source.root.uid;
}

function strangersText({ plan, target }: Sides, uid: number): string | undefined {
  const strangers = fileOwners(target).uids.filter((one) => one !== uid);
  const { name } = plan.target;
  if (strangers.length > 0)
    return `on ${name} are files of the user ${strangers.join(', ')}, which the copy replaces`;
  return target.unreadableCount > 0
    ? `on ${name} are files that can't be read, which the copy replaces`
    : undefined;
}

function ownerOrProject(
  { plan, source, prober, proberUid, cluster }: Sides,
  uid: number,
  gids: readonly number[],
): ChosenIdentity {
  const isProber = prober === 'project' && uid === proberUid;
  const isFirst = cluster.isOpenShift && uid === plan.projectUids?.first;
  const whose = isProber || isFirst ? ", the project's own" : '';
  const reason = `all files belong to user ${uid}${whose}${attributesText(source)}`;
  const identity = ownerIdentity(uid, gids, reason);
  if (whose === '') return identity;
  return { ...identity, tier: 'project', uid: cluster.isOpenShift ? undefined : uid };
}

function asRoot(sides: Sides, reason: 'mixed-owners' | 'pod-security', why: string): IdentityChoice {
  const { plan, source, target } = sides;
  if (plan.highestTier !== 'root') return declined(reason, `${why}, and ${restricted(plan)}`);
  const setIds = source.setIdCount + target.setIdCount > 0 ? ['FSETID'] : [];
  const fileCapabilities = (source.xattrCount ?? 0) > 0 ? ['SETFCAP'] : [];
  return { kind: 'identity', identity: rootIdentity([...TO_COPY, ...setIds, ...fileCapabilities], why) };
}

/**
 * The root of a fresh volume belongs to root. The kubelet gives it to the pod's fsGroup, and looks no further where
 * that has been done already. On OpenShift the project's own user gets a group from its SCC, and may not name one.
 */
function withTargetGroup(identity: ChosenIdentity, uid: number, { root }: SideFacts): ChosenIdentity {
  const groups = [identity.gid, ...(identity.groups ?? [])];
  const mayWrite =
    (root.uid === uid && (root.mode & 0o200) !== 0) ||
    (groups.includes(root.gid) && (root.mode & 0o020) !== 0) ||
    (root.mode & 0o002) !== 0;
  const isGiven = identity.tier === 'project' && identity.uid === undefined;
  return mayWrite || isGiven || identity.gid === undefined
    ? identity
    : { ...identity, fsGroup: identity.gid };
}

function ownerIdentity(uid: number, gids: readonly number[], reason: string): ChosenIdentity {
  const [gid, ...groups] = gids;
  return { tier: 'owner', uid, gid, ...(groups.length > 0 ? { groups } : {}), capabilities: [], reason };
}

function rootIdentity(capabilities: readonly string[], reason: string): ChosenIdentity {
  return { tier: 'root', uid: 0, gid: 0, capabilities, reason };
}

function restricted({ request: { namespace }, lacksRootScc = false }: CopyPlan): string {
  if (lacksRootScc)
    return `the SCC backuper-root may not be used in ${namespace}, so root may not help: make volumes-allow PROJECT=${namespace} allows it, or take a snapshot of the volume`;
  return `the project's Pod Security level is restricted, so root may not help: label ${namespace} with pod-security.kubernetes.io/enforce=baseline, or take a snapshot of the volume`;
}

/** Said, because nothing else would: only root can set these. */
function attributesText({ xattrCount }: SideFacts): string {
  return (xattrCount ?? 0) > 0 ? '; of the extended attributes only those named user.* are copied' : '';
}

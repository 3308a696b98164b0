import { podsText } from './check-use.ts';
import { mayBeShared } from './claim-facts.ts';
import { declined } from './declined.ts';
import type { ClaimSummary, ClusterObject, CopyFacts, Declined, PlanNote } from '../copy.ts';
import { byText, textAt, valueAt } from '../fields.ts';
import { whyNotNow } from './node-state.ts';
import { classTerms, fitsNode, mayMeet, type NodeTerms, termsText, volumeTerms } from './node-terms.ts';

/** Where the BackupEr pod goes. */
export interface Placement {
  readonly kind: 'placement';
  /** The only node that will do; undefined for whichever the scheduler takes. */
  readonly node: string | undefined;
  readonly notes: readonly PlanNote[];
}

/** What a placement depends on. */
export interface PlacementInput {
  readonly source: ClaimSummary;
  readonly target: ClaimSummary;
  /** The node that somebody asks for; empty for none. */
  readonly wanted: string;
  readonly tolerations: readonly unknown[];
  readonly facts: CopyFacts;
}

/**
 * The node of a copy. The scheduler itself does not keep a second pod away from a ReadWriteOnce volume that
 * another node has (https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go),
 * so the pod has to be sent to where the volume is.
 */
export function placeCopy(input: PlacementInput): Placement | Declined {
  const { source, target, wanted, facts } = input;
  const problem =
    holdingNodes(source) ?? holdingNodes(target) ?? attachedElsewhere(source, facts) ?? twoPins(input);
  if (problem) return problem;
  const node = wanted === '' ? (pinOf(source) ?? pinOf(target)) : wanted;
  if (!facts.nodes) return placeUnseen(input, node);
  return node === undefined ? placeAnywhere(input, facts.nodes) : placeOn(input, facts.nodes, node);
}

/** Each claim is in use on one node, or asked for on one, and these are not the same. */
function twoPins({ source, target, wanted }: PlacementInput): Declined | undefined {
  const [sourceNode, targetNode] = [pinOf(source), pinOf(target)];
  if (sourceNode !== undefined && targetNode !== undefined && sourceNode !== targetNode)
    return declined(
      'two-nodes',
      `${source.name} is in use on the node ${sourceNode} and ${target.name} on ${targetNode}, and one pod can't be on both: scale one of the applications down meanwhile`,
    );
  const pin = sourceNode ?? targetNode;
  if (wanted === '' || pin === undefined || wanted === pin) return undefined;
  const { name } = sourceNode === undefined ? target : source;
  return declined(
    'source-in-use-elsewhere',
    `${name} is in use on the node ${pin} and can't be reached from ${wanted}: leave the node out, or scale the application down`,
  );
}

/** A volume for one node that pods on two want: the application is being moved, or its storage does not care. */
function holdingNodes(claim: ClaimSummary): Declined | undefined {
  const nodes = nodesOf(claim);
  if (nodes.length < 2 || mayBeShared(claim) || claim.accessModes.includes('ReadOnlyMany')) return undefined;
  return declined(
    'two-nodes',
    `${podsText(claim.users)} use ${claim.name} on different nodes (${nodes.join(', ')}), though it is for one node: try again once the application has settled`,
  );
}

function attachedElsewhere(source: ClaimSummary, facts: CopyFacts): Declined | undefined {
  const [attached, pin] = [attachedNodes(source, facts), pinOf(source)];
  if (pin === undefined || attached.length === 0 || attached.includes(pin)) return undefined;
  return declined(
    'source-in-use-elsewhere',
    `the volume of ${source.name} is still attached to the node ${attached.join(', ')}, while ${podsText(source.users)} waits for it on ${pin}: try again once the application runs`,
  );
}

function placeOn(input: PlacementInput, nodes: readonly ClusterObject[], node: string): Placement | Declined {
  const { wanted, tolerations, facts } = input;
  const terms = termsOf(facts);
  const found = nodes.find((one) => nameOf(one) === node);
  if (!found) return declined('node-unsuitable', `there is no node ${node}: name another one, or none`);
  if (!fitsNode(terms.source, found) || !fitsNode(terms.target, found))
    return unreachable(input, { node, found, terms });
  const why = whyNotNow(found, tolerations);
  if (why === undefined) return placement(node, whyThere(wanted));
  const advice =
    wanted === '' ? 'try again when it does, or scale the application down' : 'name another node, or none';
  return declined(
    'node-unsuitable',
    `the node ${node} ${why}, so that no BackupEr pod can start there: ${advice}`,
  );
}

function placeAnywhere(
  { source, target, tolerations, facts }: PlacementInput,
  nodes: readonly ClusterObject[],
): Placement | Declined {
  const terms = termsOf(facts);
  const fitting = nodes.filter((one) => fitsNode(terms.source, one) && fitsNode(terms.target, one));
  if (fitting.length === 0 && nodes.length > 0) return mismatch(source, target, terms);
  const reasons = fitting
    .toSorted((a, b) => byText(nameOf(a), nameOf(b)))
    .map((one) => ({ name: nameOf(one), why: whyNotNow(one, tolerations) }));
  if (reasons.every(({ why }) => why !== undefined)) {
    const texts = reasons.slice(0, 3).map(({ name, why }) => `the node ${name} ${why}`);
    return declined(
      'node-unsuitable',
      `no node that reaches both volumes takes a pod now (${texts.join(', ') || 'there are no nodes'}): try again when one does`,
    );
  }
  const [only] = reasons;
  return only && reasons.length === 1
    ? placement(only.name, 'the only one that reaches both volumes')
    : placement(undefined, 'whichever the scheduler takes');
}

function placeUnseen(
  { source, target, wanted, facts }: PlacementInput,
  node: string | undefined,
): Placement | Declined {
  const terms = termsOf(facts);
  if (!mayMeet(terms.source, terms.target)) return mismatch(source, target, terms);
  const { notes, ...rest } = placement(
    node,
    node === undefined ? 'whichever the scheduler takes' : whyThere(wanted),
  );
  const text =
    "the nodes can't be read, so whether one reaches both volumes is only seen when the pod is scheduled";
  return { ...rest, notes: [...notes, { about: 'placement', text, isWarning: true }] };
}

/** Where each of the volumes can be reached. */
interface BothTerms {
  readonly source: NodeTerms;
  readonly target: NodeTerms;
}

function unreachable(
  { source, target, wanted }: PlacementInput,
  { node, found, terms }: { readonly node: string; readonly found: ClusterObject; readonly terms: BothTerms },
): Declined {
  const [claim, own] = fitsNode(terms.source, found) ? [target, terms.target] : [source, terms.source];
  return wanted === ''
    ? declined(
        'topology-mismatch',
        `the node ${node}, where ${source.name} or ${target.name} is in use, does not reach the volume of ${claim.name} (${termsText(own)}): create the target where the source is`,
      )
    : declined(
        'node-unsuitable',
        `the volume of ${claim.name} can't be reached from the node ${node}, only from ${termsText(own)}: name another node, or none`,
      );
}

function mismatch(source: ClaimSummary, target: ClaimSummary, terms: BothTerms): Declined {
  return declined(
    'topology-mismatch',
    `no node reaches both volumes: ${source.name} needs ${termsText(terms.source)}, ${target.name} needs ${termsText(terms.target)}; create the target where the source is, with a storage class that waits for its first consumer`,
  );
}

function termsOf(facts: CopyFacts): BothTerms {
  return {
    source: volumeTerms(facts.sourceVolume),
    // A volume that is yet to be made will be where its class makes volumes.
    target: facts.targetVolume ? volumeTerms(facts.targetVolume) : classTerms(facts.targetClass),
  };
}

/** The node that has a claim which only one can have. */
function pinOf(claim: ClaimSummary): string | undefined {
  const nodes = nodesOf(claim);
  return nodes.length === 1 && !mayBeShared(claim) ? nodes[0] : undefined;
}

function nodesOf({ users }: ClaimSummary): string[] {
  return [...new Set(users.map(({ node }) => node))].filter((node) => node !== '').toSorted(byText);
}

function attachedNodes({ volume, accessModes }: ClaimSummary, { attachments = [] }: CopyFacts): string[] {
  if (mayBeShared({ accessModes })) return [];
  return attachments
    .filter((one) => volume !== '' && textAt(one, 'spec', 'source', 'persistentVolumeName') === volume)
    .filter((one) => valueAt(one, 'status', 'attached') === true)
    .map((one) => textAt(one, 'spec', 'nodeName'))
    .filter((node) => node !== '')
    .toSorted(byText);
}

function placement(node: string | undefined, why: string): Placement {
  const text = node === undefined ? `any node: ${why}` : `the node ${node}: ${why}`;
  return { kind: 'placement', node, notes: [{ about: 'placement', text, isWarning: false }] };
}

function whyThere(wanted: string): string {
  return wanted === '' ? 'where the volume is in use' : 'as asked for';
}

function nameOf(node: ClusterObject): string {
  return textAt(node, 'metadata', 'name');
}

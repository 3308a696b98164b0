import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SideFacts } from '../../../src/model/backuper.ts';
import {
  chooseIdentity,
  firstProber,
  type IdentityChoice,
} from '../../../src/volumes/plan/choose-identity.ts';
import type { CopyFacts, DeclineReason, Tier } from '../../../src/volumes/copy.ts';
import { emptySide, namespace, planned, pod, probed, side } from './made-objects.ts';

const GIB = 1024 ** 3;
const RESTRICTED = { namespace: namespace({ 'pod-security.kubernetes.io/enforce': 'restricted' }) };
const OPENSHIFT = {
  namespace: namespace({}, { 'openshift.io/sa.scc.uid-range': '1000690000/10000' }),
  isOpenShift: true,
};
const PROJECT_UID = 1_000_690_000;
const SEVERAL = {
  owners: [
    { uid: 999, gid: 999, entryCount: 9 },
    { uid: 0, gid: 0, entryCount: 2 },
  ],
};

interface Case {
  readonly name: string;
  readonly source: Partial<SideFacts>;
  readonly target?: Partial<SideFacts>;
  readonly prober?: Tier;
  /** The prober's. */
  readonly uid?: number;
  readonly facts?: Partial<CopyFacts>;
  readonly expected: object;
}

function choose({
  source,
  target = {},
  prober = 'project',
  uid = 999,
  facts = {},
}: Omit<Case, 'name' | 'expected'>): IdentityChoice {
  const report = probed(uid, side(source), emptySide(target));
  return chooseIdentity(planned(facts), report, prober, { isOpenShift: facts.isOpenShift ?? false });
}

describe('The lowest tier that is enough', () => {
  const cases: readonly Case[] = [
    {
      name: "the project's own user for its own files",
      source: {},
      target: { root: { uid: 999, gid: 999, mode: 0o755 } },
      expected: { kind: 'identity', identity: { tier: 'project', uid: 999, gid: 999, capabilities: [] } },
    },
    {
      name: 'with a group for the root of a fresh target',
      source: {},
      expected: { kind: 'identity', identity: { tier: 'project', uid: 999, gid: 999, fsGroup: 999 } },
    },
    {
      name: 'without one where the root of the target has it already',
      source: {},
      target: { root: { uid: 0, gid: 999, mode: 0o2775 } },
      expected: { kind: 'identity', identity: { tier: 'project', fsGroup: undefined } },
    },
    {
      name: 'with all groups that own files',
      source: {
        owners: [
          { uid: 999, gid: 5, entryCount: 9 },
          { uid: 999, gid: 999, entryCount: 50 },
        ],
      },
      expected: { kind: 'identity', identity: { tier: 'project', gid: 999, groups: [5] } },
    },
    {
      name: 'the owner, and not who could only read, by the group',
      source: { owners: [{ uid: 26, gid: 999, entryCount: 9 }] },
      expected: { kind: 'identity', identity: { tier: 'owner', uid: 26, gid: 999, capabilities: [] } },
    },
    {
      name: 'the owner whom the probe ran as',
      source: { owners: [{ uid: 26, gid: 26, entryCount: 9 }] },
      prober: 'owner',
      uid: 26,
      expected: { kind: 'identity', identity: { tier: 'owner', uid: 26 } },
    },
    {
      name: "of OpenShift: the project's first user, whom the SCC names",
      source: { owners: [{ uid: PROJECT_UID, gid: 0, entryCount: 9 }] },
      uid: PROJECT_UID,
      facts: OPENSHIFT,
      expected: {
        kind: 'identity',
        identity: { tier: 'project', uid: undefined, gid: 0, fsGroup: undefined },
      },
    },
    {
      name: "of OpenShift: the owner, when files are from another project's range",
      source: { owners: [{ uid: 1_000_700_000, gid: 0, entryCount: 9 }] },
      uid: PROJECT_UID,
      facts: OPENSHIFT,
      expected: { kind: 'identity', identity: { tier: 'owner', uid: 1_000_700_000 } },
    },
    {
      name: 'root for several owners, with no more than that needs',
      source: SEVERAL,
      expected: {
        kind: 'identity',
        identity: { tier: 'root', uid: 0, gid: 0, capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] },
      },
    },
    {
      name: 'root with FSETID for set-group-id folders',
      source: { ...SEVERAL, setIdCount: 1 },
      expected: {
        kind: 'identity',
        identity: { capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID'] },
      },
    },
    {
      name: 'root with SETFCAP for extended attributes',
      source: { ...SEVERAL, xattrCount: 1 },
      expected: {
        kind: 'identity',
        identity: { capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETFCAP'] },
      },
    },
    {
      name: 'root without SETFCAP where nobody can tell',
      source: { ...SEVERAL, xattrCount: null },
      expected: { kind: 'identity', identity: { capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] } },
    },
    {
      name: 'root for files of root, never an owner with the id 0',
      source: { owners: [{ uid: 0, gid: 0, entryCount: 9 }] },
      expected: { kind: 'identity', identity: { tier: 'root' } },
    },
    {
      name: 'root where more owners are than the probe names',
      source: { ownerCount: 9 },
      expected: { kind: 'identity', identity: { tier: 'root' } },
    },
    {
      name: "root for a target with another's files",
      source: {},
      target: { owners: [{ uid: 7, gid: 7, entryCount: 1 }], ownerCount: 1 },
      expected: { kind: 'identity', identity: { tier: 'root' } },
    },
    {
      name: 'root where only root could read',
      source: {},
      prober: 'root',
      uid: 0,
      expected: { kind: 'identity', identity: { tier: 'root' } },
    },
    {
      name: 'whoever looked, for an empty source',
      source: { ...emptySide() },
      uid: 65_532,
      expected: { kind: 'identity', identity: { tier: 'project', uid: 65_532 } },
    },
    {
      name: 'the owner in a restricted project',
      source: { owners: [{ uid: 26, gid: 26, entryCount: 9 }] },
      facts: RESTRICTED,
      expected: { kind: 'identity', identity: { tier: 'owner', uid: 26 } },
    },
  ];
  for (const { name, expected, ...given } of cases) test(name, () => assertMatches(choose(given), expected));

  test('says that attributes other than user.* stay behind', () => {
    const choice = choose({ source: { xattrCount: 3 } });
    assert.match(choice.kind === 'identity' ? choice.identity.reason : '', /only those named user\.\*/u);
  });
});

describe('The volumes are looked into again', () => {
  const hidden = { unreadableCount: 3, unreadable: ['userdata', 'a', 'b'] };
  const cases: readonly Case[] = [
    {
      name: 'as whoever owns what can be seen',
      source: { ...hidden, owners: [{ uid: 26, gid: 27, entryCount: 3 }] },
      expected: { kind: 'probe-again', as: { tier: 'owner', uid: 26, gid: 27, capabilities: [] } },
    },
    {
      name: 'as whoever owns a root that is closed, in a restricted project too',
      source: { ...hidden, owners: [], root: { uid: 26, gid: 26, mode: 0o700 } },
      facts: RESTRICTED,
      expected: { kind: 'probe-again', as: { tier: 'owner', uid: 26, gid: 26 } },
    },
    {
      name: 'as root, who may read everything and write nothing, for several owners',
      source: { ...hidden, ...SEVERAL },
      expected: { kind: 'probe-again', as: { tier: 'root', uid: 0, capabilities: ['DAC_OVERRIDE'] } },
    },
    {
      name: 'as root, when the owner itself could not',
      source: { ...hidden },
      prober: 'owner',
      expected: { kind: 'probe-again', as: { tier: 'root' } },
    },
    {
      name: "as root, when the project's own user can't read its own files",
      source: { ...hidden },
      expected: { kind: 'probe-again', as: { tier: 'root' } },
    },
  ];
  for (const { name, expected, ...given } of cases) test(name, () => assertMatches(choose(given), expected));

  test('three times at most', () => {
    for (const owners of [[], [{ uid: 26, gid: 26, entryCount: 1 }], SEVERAL.owners]) {
      let prober = firstProber(planned(), { isOpenShift: false });
      const tiers: Tier[] = [];
      for (let again = true; again;) {
        tiers.push(prober.tier);
        const source = { ...hidden, owners, root: { uid: 26, gid: 26, mode: 0o700 } };
        const choice = choose({ source, prober: prober.tier, uid: prober.uid ?? 1 });
        again = choice.kind === 'probe-again';
        if (choice.kind === 'probe-again') prober = choice.as;
      }
      assert.ok(tiers.length <= 3, tiers.join());
      assert.equal(tiers.at(-1), 'root');
    }
  });
});

describe('A copy is declined after a look into the volumes', () => {
  const cases: readonly (Omit<Case, 'expected'> & {
    readonly reason: DeclineReason;
    readonly says: RegExp;
  })[] = [
    {
      name: 'with several owners and no root',
      source: SEVERAL,
      facts: RESTRICTED,
      reason: 'mixed-owners',
      says: /999:999 9, 0:0 2.*enforce=baseline/u,
    },
    {
      name: 'with several owners where the SCC for root may not be used',
      source: SEVERAL,
      facts: { ...OPENSHIFT, mayRunAsRoot: false },
      reason: 'mixed-owners',
      says: /the SCC backuper-root may not be used in shop.*make volumes-allow PROJECT=shop/u,
    },
    {
      name: 'with unreadable entries of several, and no root',
      source: { ...SEVERAL, unreadableCount: 2, unreadable: ['x'] },
      facts: RESTRICTED,
      reason: 'mixed-owners',
      says: /2 entries of data \(x\).*label shop/u,
    },
    {
      name: 'with unreadable entries of one who could not read them, and no root',
      source: { unreadableCount: 2, unreadable: ['x'] },
      facts: RESTRICTED,
      prober: 'owner',
      reason: 'pod-security',
      says: /user 999 can't read 2 entries/u,
    },
    {
      name: 'with files of root, and no root',
      source: { owners: [{ uid: 0, gid: 0, entryCount: 9 }] },
      facts: RESTRICTED,
      reason: 'pod-security',
      says: /belong to root/u,
    },
    {
      name: 'where root is a stranger',
      source: { unreadableCount: 2, unreadable: ['x'], fileSystem: 'nfs4' },
      prober: 'root',
      uid: 0,
      reason: 'mixed-owners',
      says: /nfs4.*no_root_squash/u,
    },
    {
      name: 'that holds more than the target ever could',
      source: { allocatedBytes: 11 * GIB },
      reason: 'target-too-small',
      says: /11\.0 GiB.*10\.0 GiB in all/u,
    },
    {
      name: 'that holds more than is free',
      source: { allocatedBytes: 9 * GIB },
      target: { freeBytes: 8 * GIB },
      reason: 'target-lacks-room',
      says: /needs 9\.5 GiB more.*8\.0 GiB are free/u,
    },
    {
      name: 'with more entries than there are inodes',
      source: { entryCount: 1000 },
      target: { freeInodes: 100 },
      reason: 'target-lacks-room',
      says: /1050 more inodes/u,
    },
    {
      name: 'with no inodes left at all',
      source: {},
      target: { freeInodes: 0 },
      reason: 'target-lacks-room',
      says: /0 are free/u,
    },
  ];
  for (const { name, reason, says, ...given } of cases) {
    test(name, () => {
      const choice = choose(given);
      assert.equal(choice.kind === 'declined' && choice.reason, reason, JSON.stringify(choice));
      assert.match(choice.kind === 'declined' ? choice.message : '', says);
    });
  }

  const enough: Readonly<Record<string, Omit<Case, 'name' | 'expected'>>> = {
    'what a mirror has there already': {
      source: { allocatedBytes: 9 * GIB },
      target: { allocatedBytes: 9 * GIB, freeBytes: GIB, entryCount: 100 },
    },
    'a sparse file': { source: { sizeBytes: 100 * GIB, allocatedBytes: GIB } },
    'a file system that counts no inodes': { source: {}, target: { freeInodes: 0, fileSystem: 'btrfs' } },
  };
  for (const [name, given] of Object.entries(enough)) {
    test(`but not for ${name}`, () => assert.equal(choose(given).kind, 'identity'));
  }

  test('but not for a further generation, of which nobody knows how much is new', () => {
    const plan = planned({}, { mode: 'generations' });
    const [first, next] = [[], ['20261120T001500Z']].map((generations) =>
      chooseIdentity(
        plan,
        probed(999, side({ allocatedBytes: 6 * GIB }), emptySide({ freeBytes: GIB, generations })),
        'project',
        { isOpenShift: false },
      ),
    );
    assert.equal(first?.kind === 'declined' && first.reason, 'target-lacks-room');
    assert.equal(next?.kind, 'identity');
  });

  test('a report that tells of no volumes is no answer', () => {
    const report = { ...probed(1, side()), source: undefined, message: 'no such folder' };
    const { source: _source, ...rest } = report;
    assert.throws(
      () => chooseIdentity(planned(), rest, 'project', { isOpenShift: false }),
      /no such folder/u,
    );
  });
});

describe('First looks', () => {
  const cases: readonly (readonly [string, Partial<CopyFacts>, object])[] = [
    ['nobody, where no pod says anything', {}, { tier: 'project', uid: 65_532, gid: 65_532 }],
    [
      'the user of the pods',
      { pods: [pod('a', { podSecurity: { runAsUser: 26, fsGroup: 5 } })] },
      { tier: 'project', uid: 26, gid: 5 },
    ],
    [
      'nobody, where the pods are root',
      { pods: [pod('a', { podSecurity: { runAsUser: 0 } })] },
      { tier: 'project', uid: 65_532 },
    ],
    ['whom the SCC names', OPENSHIFT, { tier: 'project', uid: undefined, gid: undefined }],
    [
      'whom the SCC names, where pods run as that user',
      { ...OPENSHIFT, pods: [pod('a', { containerSecurity: { runAsUser: PROJECT_UID } })] },
      { tier: 'project', uid: undefined },
    ],
    [
      'the user of the pods, where the SCC would name another',
      { ...OPENSHIFT, pods: [pod('a', { containerSecurity: { runAsUser: 26 } })] },
      { tier: 'owner', uid: 26, gid: 26 },
    ],
  ];
  for (const [name, facts, expected] of cases) {
    test(name, () => {
      const identity = firstProber(planned(facts), { isOpenShift: facts.isOpenShift ?? false });
      assertMatches(identity, expected);
      assert.deepEqual(identity.capabilities, []);
      assert.notEqual(identity.uid, 0);
    });
  }
});

/** Every key of what is expected is there with its value; undefined stands for a key that is missing too. */
function assertMatches(actual: unknown, expected: object): void {
  for (const [key, value] of Object.entries(expected)) {
    const found: unknown = (actual as Record<string, unknown>)[key];
    const isPart = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isPart) assertMatches(found, value as object);
    else assert.deepEqual(found, value, `${key} of ${JSON.stringify(actual)}`);
  }
}

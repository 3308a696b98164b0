import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CatalogEntry } from '../../src/archive/catalog.ts';
import { planRotation, type RotationContext, type RotationPolicy } from '../../src/retention/plan.ts';
import { CONTEXT, DAY_MS, made, NOW_MS, POLICY, removedFrom } from './made-archives.ts';

const NIGHTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const EVERY_NIGHT = NIGHTS.map((day) => made(day));
/** What goes of eleven good nights when seven days are kept. */
const OLD = [8, 9, 10].map((day) => made(day).name.file);

const cases: Record<
  string,
  readonly [readonly CatalogEntry[], readonly string[], Partial<RotationContext & RotationPolicy>?]
> = {
  'an empty folder': [[], []],
  'one archive, however old': [[made(1000)], []],
  'a good night every night: older than seven days go': [EVERY_NIGHT, OLD],
  'seven days to the second stay': [NIGHTS.slice(0, 8).map((day) => made(day)), []],
  'a second more than seven days': [
    [...NIGHTS.slice(0, 4).map((day) => made(day)), made(7 + 1 / 86_400)],
    [made(7 + 1 / 86_400).name.file],
  ],
  'no days: only the newest stay': [
    EVERY_NIGHT,
    NIGHTS.slice(3).map((day) => made(day).name.file),
    { retainDays: 0 },
  ],
  'no days and one to keep': [
    EVERY_NIGHT,
    NIGHTS.slice(1).map((day) => made(day).name.file),
    { retainDays: 0, keepLastCount: 1 },
  ],
  'the newest three stay at any age': [[100, 200, 300, 400].map((day) => made(day)), [made(400).name.file]],
  'thirty failing nights: time stands still': [
    NIGHTS.map((day) => made(day + 30)),
    [38, 39, 40].map((day) => made(day).name.file),
  ],
  'other backups in the folder': [
    [...EVERY_NIGHT, ...NIGHTS.map((day) => made(day + 20, { backup: 'test' }))],
    OLD,
  ],
  'a backup whose name begins alike': [[...EVERY_NIGHT, made(20, { backup: 'prod-eu' })], OLD],
  'another cluster in the folder': [
    [...EVERY_NIGHT, ...NIGHTS.map((day) => made(day + 20, { clusterId: 'cluster-b' }))],
    OLD,
  ],
  'archives of some projects in the folder': [
    [...EVERY_NIGHT, ...NIGHTS.map((day) => made(day + 20, { selection: 'shop' }))],
    OLD,
  ],
  'some projects, beside archives of the whole cluster': [
    [
      ...EVERY_NIGHT,
      ...NIGHTS.map((day) => made(day, { selection: 'blog shop' })),
      made(20, { isOriginal: true }),
    ],
    OLD,
    { selection: 'blog shop' },
  ],
  'a cluster without an id in the folder': [[...EVERY_NIGHT, made(20, { clusterId: null })], OLD],
  'a cluster whose id may not be read': [
    NIGHTS.map((day) => made(day, { clusterId: null })),
    OLD,
    { clusterId: null },
  ],
  'unreadable archives are never touched': [[...EVERY_NIGHT, made(50, { state: 'unreadable' })], OLD],
  'unreadable archives do not count': [
    [
      made(0),
      made(1, { state: 'unreadable' }),
      made(2, { state: 'unreadable' }),
      made(20),
      made(30),
      made(40),
    ],
    [made(40).name.file],
  ],
  'incomplete archives do not count': [
    [
      made(0),
      made(1, { state: 'incomplete' }),
      made(2, { state: 'incomplete' }),
      made(20),
      made(30),
      made(40),
    ],
    [made(40).name.file],
  ],
  'old incomplete archives go': [
    [made(0), made(1, { state: 'incomplete' }), made(8, { state: 'incomplete' })],
    [made(8, { state: 'incomplete' }).name.file],
  ],
  'incomplete archives after the last complete one stay': [
    [made(30, { state: 'incomplete' }), made(40), made(41), made(42), made(43)],
    [],
  ],
  'nothing but incomplete archives': [NIGHTS.map((day) => made(day + 50, { state: 'incomplete' })), []],
  'nothing but unreadable archives': [NIGHTS.map((day) => made(day + 50, { state: 'unreadable' })), []],
  'originals go like others, once there is a complete archive': [
    [made(0, { backup: 'openshift-backup' }), ...NIGHTS.map((day) => made(day, { isOriginal: true }))],
    [8, 9, 10].map((day) => made(day, { isOriginal: true }).name.file),
    { backup: 'openshift-backup' },
  ],
  'originals do not count': [
    NIGHTS.map((day) => made(day + 50, { isOriginal: true })),
    [],
    { backup: 'openshift-backup' },
  ],
  'originals are not of a backup with another name': [[made(0), made(50, { isOriginal: true })], []],
  'a young file with an old name is young': [
    [...EVERY_NIGHT, made(30, { modifiedMs: NOW_MS - DAY_MS })],
    OLD,
  ],
  'an old file with a young name is young': [
    EVERY_NIGHT.map((entry) => ({ ...entry, modifiedAt: new Date(0) })),
    OLD,
  ],
  'a clock ten years ahead: the newest three and the newest week stay': [
    EVERY_NIGHT,
    OLD,
    { now: new Date(NOW_MS + 3650 * DAY_MS) },
  ],
  'a clock ten years behind': [EVERY_NIGHT, [], { now: new Date(NOW_MS - 3650 * DAY_MS) }],
  'archives from the future stay and do not count': [
    [made(-3650), made(-3651), made(-3652), ...[20, 30, 40, 50].map((day) => made(day))],
    [made(50).name.file],
  ],
  'nothing but archives from the future': [[made(-30), made(30, { state: 'incomplete' })], []],
  'a file server some minutes ahead': [
    [made(0, { modifiedMs: NOW_MS + DAY_MS / 24 }), ...EVERY_NIGHT.slice(1)],
    OLD,
  ],
  'a file far in the future does not count': [
    [made(10, { modifiedMs: NOW_MS + 30 * DAY_MS }), made(30, { state: 'incomplete' })],
    [],
  ],
  'the newest by file stay, as well as the newest by name': [
    [made(0), made(5), made(30, { modifiedMs: NOW_MS - 3 * DAY_MS }), made(40)],
    [made(40).name.file],
    { retainDays: 1, keepLastCount: 2 },
  ],
  'old archives that were copied back do not push out the newest': [
    [made(10), made(20), ...[100, 101, 102].map((day) => made(day, { modifiedMs: NOW_MS - DAY_MS }))],
    [],
    { retainDays: 0 },
  ],
};
for (const [what, [entries, removed, changes = {}]] of Object.entries(cases)) {
  test(`Rotation: ${what}`, () => {
    assert.deepEqual(removedFrom(entries, changes, changes).toSorted(), removed.toSorted());
  });
}

test('Each archive gets one decision with one short reason', () => {
  const entries = [
    ...EVERY_NIGHT,
    made(-400),
    made(3, { backup: 'test' }),
    made(3.5, { clusterId: 'cluster-b' }),
    made(4.5, { state: 'unreadable' }),
  ];
  const decisions = planRotation(entries, POLICY, CONTEXT);
  assert.deepEqual(
    decisions.map(({ entry }) => entry),
    entries,
  );
  assert.deepEqual(
    decisions
      .map(({ action, reason }) => `${action}: ${reason}`)
      .filter((line, index, all) => all.indexOf(line) === index),
    [
      'keep: One of the newest complete archives (3 always stay)',
      ...[3, 4, 5, 6, 7].map(
        (day) => `keep: ${day}.0 days older than the newest backup; archives are kept for 7 days`,
      ),
      ...[8, 9, 10].map(
        (day) => `remove: ${day}.0 days older than the newest backup; archives are kept for 7 days`,
      ),
      'keep: Dated in the future: a clock is or was wrong',
      'keep: Of another backup (test)',
      'keep: Of another cluster',
      "keep: Never removed, because it can't be read: cut off",
    ],
  );
  const [alone] = planRotation([made(90, { state: 'incomplete' })], POLICY, CONTEXT);
  assert.equal(alone?.reason, 'There is no complete archive to stay in its place');
});

test('A policy that keeps nothing is a defect', () => {
  for (const policy of [
    { retainDays: -1 },
    { retainDays: Number.NaN },
    { keepLastCount: 0 },
    { keepLastCount: 1.5 },
    { keepLastCount: Number.NaN },
  ]) {
    assert.throws(() => planRotation([], { ...POLICY, ...policy }, CONTEXT), RangeError);
  }
});

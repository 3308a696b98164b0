import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Cluster } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { installOpenShiftTypes } from '../cluster/openshift-types.ts';
import { kustomize } from './kustomize.ts';
import { installSccDefaults } from './scc-defaults.ts';
import { assertDone, assertFailed, backupOf, projectOf, settings, volumeTitles } from './volumes-cases.ts';
import type { Workplace } from './workplace.ts';

const SCC = 'securitycontextconstraints';
const NORTH = settings('north');
const SOUTH = settings('south');
/** What its schema allows and this one has not, on purpose: it would widen it, or make it the choice of others. */
const LEFT_OUT = [
  'allowedFlexVolumes',
  'allowedUnsafeSysctls',
  'defaultAllowPrivilegeEscalation',
  'forbiddenSysctls',
  'priority',
];

/** The cases of OpenShift; from here on, the cluster has its types. */
export function volumesOpenShiftCases(clusterOf: () => Cluster, placeOf: () => Workplace): void {
  describe('make volumes-allow on OpenShift', () => {
    let cluster: Cluster;
    let place: Workplace;

    before(async () => {
      cluster = clusterOf();
      place = placeOf();
      await installOpenShiftTypes(cluster);
      await installSccDefaults(cluster);
      await cluster.apply([...['north', 'south'].flatMap(backupOf), ...['east', 'west'].flatMap(projectOf)]);
    });

    test('ROOT=no gives the use of restricted-v2 and nonroot-v2, and no SCC is made', async () => {
      const result = await allow(NORTH, 'east', 'ROOT=no');
      assert.doesNotMatch(result, /as root/u);
      assert.deepEqual(await volumeTitles(cluster, 'north', 'east'), [
        'NetworkPolicy east/backuper',
        'RoleBinding east/north-backuper',
        'RoleBinding east/north-volumes',
        'ServiceAccount east/backuper',
      ]);
      assert.deepEqual(await volumeTitles(cluster, 'north'), [
        'ClusterRole north-backuper',
        'ClusterRole north-volumes',
      ]);
      assert.equal(await sccs(), '');
    });

    test('makes the SCC backuper-root, and gives the use of it', async () => {
      assert.match(await allow(NORTH, 'east'), /; copying as root \(SCC backuper-root\)$/mu);
      const titles = await volumeTitles(cluster, 'north', 'east');
      assert.ok(titles.includes('RoleBinding east/north-backuper-root'), titles.join());
      assert.equal(await sccs(), 'backuper-root');
      const second = await allow(NORTH, 'east');
      assert.doesNotMatch(second, /(?: created| configured| deleted|\/east labeled)$/mu);
    });

    test('the SCC is for root with five capabilities, and for nothing of the node', async () => {
      const text = await cluster.kubectl(['get', SCC, 'backuper-root', '-o', 'json']);
      const { apiVersion, kind, metadata, ...fields } = JSON.parse(text) as KubernetesObject;
      assert.deepEqual(fields, {
        allowHostDirVolumePlugin: false,
        allowHostIPC: false,
        allowHostNetwork: false,
        allowHostPID: false,
        allowHostPorts: false,
        allowPrivilegeEscalation: false,
        allowPrivilegedContainer: false,
        allowedCapabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETFCAP'],
        defaultAddCapabilities: [],
        fsGroup: { type: 'RunAsAny' },
        groups: [],
        readOnlyRootFilesystem: true,
        requiredDropCapabilities: ['ALL'],
        runAsUser: { type: 'MustRunAs', uid: 0 },
        seLinuxContext: { type: 'MustRunAs' },
        seccompProfiles: ['runtime/default'],
        supplementalGroups: { type: 'RunAsAny' },
        // The default: as all pods of the cluster.
        userNamespaceLevel: 'AllowHostLevel',
        users: [],
        volumes: ['emptyDir', 'persistentVolumeClaim'],
      });
      const properties = 'jsonpath={.spec.versions[0].schema.openAPIV3Schema.properties}';
      const definition = `${SCC}.security.openshift.io`;
      const known = await cluster.kubectl(['get', 'crd', definition, '-o', properties]);
      const named = [...Object.keys(fields), ...LEFT_OUT, 'apiVersion', 'kind', 'metadata'];
      assert.deepEqual(Object.keys(JSON.parse(known) as object).toSorted(), named.toSorted());
      assert.deepEqual(
        [apiVersion, kind, metadata.name],
        ['security.openshift.io/v1', 'SecurityContextConstraints', 'backuper-root'],
      );
    });

    test('the schema looks at it: a field that there is not is refused', async () => {
      const scc = (await kustomize('volumes/openshift')).find(
        ({ kind }) => kind === 'SecurityContextConstraints',
      );
      const input = JSON.stringify({ ...scc, allowedCapability: ['ALL'] });
      const apply = cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], { input });
      await assert.rejects(apply, /unknown field "allowedCapability"/u);
    });

    test('ROOT=no takes the use of it away again; the SCC stays for other projects', async () => {
      await allow(NORTH, 'west');
      await allow(NORTH, 'east', 'ROOT=no');
      const bound = (await volumeTitles(cluster, 'north', 'east')).filter((title) => title.includes('root'));
      assert.deepEqual(bound, []);
      assert.equal(await sccs(), 'backuper-root');
    });

    test('make clean removes the SCC with the last backup that has it', async () => {
      await allow(SOUTH, 'west');
      assertDone(await place.make(['clean'], NORTH));
      assert.equal(await sccs(), 'backuper-root');
      assert.deepEqual(await volumeTitles(cluster, 'north'), []);
      assertDone(await place.make(['volumes-forbid', 'PROJECT=west'], SOUTH));
      assert.equal(await sccs(), 'backuper-root');
      assertDone(await place.make(['clean'], SOUTH));
      assert.equal(await sccs(), '');
      assert.deepEqual(await volumeTitles(cluster, 'south'), []);
    });

    test("refuses an SCC backuper-root that is somebody else's, and make clean leaves it", async () => {
      await cluster.apply(backupOf('north'));
      const scc = (await kustomize('volumes/openshift')).find(
        ({ kind }) => kind === 'SecurityContextConstraints',
      );
      assert.ok(scc);
      await cluster.apply([{ ...scc, metadata: { name: 'backuper-root' } }]);
      const result = await place.make(['volumes-allow', 'PROJECT=east'], NORTH);
      assertFailed(
        result,
        5,
        /^error: there is a securitycontextconstraints backuper-root that is somebody/u,
      );
      assert.deepEqual(await volumeTitles(cluster, 'north', 'east'), []);
      assertDone(await place.make(['clean'], NORTH));
      assert.equal(await sccs(), 'backuper-root');
    });

    async function allow(names: Record<string, string>, project: string, ...more: string[]): Promise<string> {
      const result = await place.make(['volumes-allow', `PROJECT=${project}`, ...more], names);
      assertDone(result);
      return result.stdout;
    }

    /** The names of all. */
    function sccs(): Promise<string> {
      return cluster.kubectl(['get', SCC, '-o', 'jsonpath={.items[*].metadata.name}']);
    }
  });
}

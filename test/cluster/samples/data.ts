import type { KubernetesObject } from '../objects.ts';
import { base64, maker, named, podTemplate, service } from './shorthand.ts';

const make = maker('data');

/** Databases and files: a StatefulSet with volumes, backups, and values that a careless export would damage. */
export function data(): KubernetesObject[] {
  return [...database(), ...volumes(), ...oddValues(), ...warehouses()];
}

function database(): KubernetesObject[] {
  return [
    make('apps/v1', 'StatefulSet', named('postgres'), {
      spec: {
        replicas: 2,
        serviceName: 'postgres',
        podManagementPolicy: 'OrderedReady',
        selector: { matchLabels: { app: 'postgres' } },
        template: podTemplate({ app: 'postgres' }, [
          {
            name: 'postgres',
            image: 'registry.example.com/rhel9/postgresql-16:1',
            envFrom: [{ secretRef: { name: 'postgres' } }],
            mounts: { '/var/lib/pgsql/data': 'pgdata' },
          },
        ]),
        volumeClaimTemplates: [
          {
            metadata: { name: 'pgdata' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: 'fast',
              resources: { requests: { storage: '20Gi' } },
            },
          },
        ],
      },
    }),
    service(make, 'postgres', 5432, { clusterIP: 'None', publishNotReadyAddresses: true }),
    service(make, 'postgres-primary', 5432, { selector: { app: 'postgres', role: 'primary' } }),
    make('v1', 'Service', 'legacy-database', {
      spec: { type: 'ExternalName', externalName: 'db1.legacy.example.com' },
    }),
    make('v1', 'Secret', 'postgres', {
      type: 'Opaque',
      data: { POSTGRESQL_USER: base64('shop'), POSTGRESQL_PASSWORD: base64('pässwörd') },
    }),
    make(
      'v1',
      'Secret',
      { name: 'default-token-7hx2k', annotations: { 'kubernetes.io/service-account.name': 'default' } },
      { type: 'kubernetes.io/service-account-token', data: { token: base64('not a token') } },
    ),
    make('batch/v1', 'CronJob', named('dump'), {
      spec: {
        schedule: '@hourly',
        suspend: true,
        jobTemplate: {
          spec: {
            template: podTemplate(
              { app: 'dump' },
              [{ name: 'dump', image: 'registry.example.com/rhel9/postgresql-16:1', command: ['pg_dump'] }],
              { restartPolicy: 'OnFailure' },
            ),
          },
        },
      },
    }),
    make('batch/v1', 'Job', named('migrate-2026-4'), {
      spec: {
        completions: 1,
        template: podTemplate(
          { app: 'migrate-2026-4' },
          [{ name: 'migrate', image: 'registry.example.com/example/migrate:2026.4' }],
          { restartPolicy: 'Never' },
        ),
      },
    }),
  ];
}

function volumes(): KubernetesObject[] {
  return [
    claim('pgdata-postgres-0', '20Gi', { storageClassName: 'fast', volumeName: 'pv-postgres-0' }),
    claim('pgdata-postgres-1', '20Gi', { storageClassName: 'fast' }),
    claim('uploads', '1Ti', { storageClassName: 'shared', accessModes: ['ReadWriteMany'] }),
  ];
}

/** Each of these has been lost, reordered or changed by some tool: keys that look like numbers, and worse. */
function oddValues(): KubernetesObject[] {
  const embedded = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'inner', resourceVersion: '1', managedFields: [], creationTimestamp: null },
    status: { kept: true },
  };
  return [
    make('v1', 'ConfigMap', 'odd-keys', {
      // In brackets it is a key like any other; without them it would set the prototype.
      data: { ['__proto__']: 'kept', constructor: 'kept', '10': 'ten', '9': 'nine', a: 'z', Z: 'a', _: '' },
    }),
    make('v1', 'ConfigMap', 'text', {
      data: {
        'unicode.txt':
          'Ærøskøbing · Łódź · 東京 · 🧪 · e\u0301 is not \u00e9 · \u2028 line separator \u0085 next line \ufeff mark\n',
        'windows.txt': 'line one\r\nline two\r\n\ttabbed\u0001control',
        'script.sh': '#!/bin/sh\nset -eu\necho "quotes \\" and \'quotes\' and $dollars"\n',
        'no-newline': 'no newline at the end',
        blanks: '  \n\n ',
      },
    }),
    make('v1', 'ConfigMap', 'binary', {
      data: { readme: 'binaryData beside data' },
      binaryData: { 'logo.png': 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ', 'zeros.bin': 'AAAAAA==' },
    }),
    make('v1', 'ConfigMap', 'empty', { data: {} }),
    make('v1', 'ConfigMap', 'embedded-objects', {
      data: {
        'object.json': JSON.stringify(embedded, null, 2),
        'object.yaml': 'kind: Secret\nmetadata:\n  uid: kept\n  namespace: kept\nstatus: {}\n',
      },
    }),
    make(
      'v1',
      'ConfigMap',
      {
        name: 'annotated',
        annotations: { 'example.com/notes': 'two\nlines', 'example.com/json': '{"status":{},"uid":"kept"}' },
      },
      { data: { a: 'b' } },
    ),
  ];
}

function warehouses(): KubernetesObject[] {
  return [
    // 2^53 + 1, the first integer that JavaScript's numbers skip, and the largest 64-bit one.
    warehouse('vienna', { serialNumber: 9007199254740993n, fillRatio: 0.7250000000000001, floors: 4 }),
    warehouse('graz', { serialNumber: 9223372036854775807n, fillRatio: 2.5e-7, floors: -1, notes: '' }),
    warehouse('linz', { serialNumber: 0, anything: { nested: [1, [], {}, { deep: true }], nothing: null } }),
  ];
}

function claim(name: string, storage: string, spec: object): KubernetesObject {
  return make('v1', 'PersistentVolumeClaim', name, {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...spec },
  });
}

function warehouse(name: string, spec: object): KubernetesObject {
  return make('logistics.example.com/v1', 'Warehouse', name, { spec });
}

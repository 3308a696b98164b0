import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { KubernetesObject } from '../../cluster/objects.ts';
import { POSTGRES_IMAGE, POSTGRES_UID, postgresImage } from './postgres-image.ts';
import type { Place } from './on-node.ts';
import { makeProject, type Project } from './project.ts';

const PREFIX = 'openshift-backup.io';
/** Everything that was committed before the copy is in the write-ahead log; nobody writes until it goes on. */
const PRE_HOOK = ['sh', '-c', 'pkill -STOP -u $(id -u) postgres && cp /notes/committed /notes/at-copy'];
const POST_HOOK = ['sh', '-c', 'pkill -CONT -u $(id -u) postgres'];
/** Not as process 1, which can't be stopped from inside. */
const SERVE = `
  [ -s /data/db/PG_VERSION ] || /pg/initdb --auth=trust -D /data/db
  /pg/postgres -D /data/db -k /run -c listen_addresses= & wait`;
/** Every number that is in the notes is in the database, and was before it got into the notes. */
const WRITE = `
  until psql -h /run -d postgres -c 'create table if not exists written (id serial, text text)'; do sleep 1; done
  while true; do
    psql -h /run -d postgres -Atqc "insert into written (text) select repeat(md5(random()::text), 50) from generate_series(1, 50) returning id" >>/notes/committed
  done`;

/** A database under load: kept still by hooks, its copy is one that a database starts with. */
export function postgresCases(place: Place): void {
  describe('a PostgreSQL that is written to', () => {
    let project: Project;

    before(async () => {
      const { cluster, image } = place();
      await cluster.importImage(await postgresImage(console.log), POSTGRES_IMAGE);
      project = await makeProject(cluster, 'database', image);
      for (const name of ['data', 'quiesced', 'live']) {
        await project.claim(name, { uid: POSTGRES_UID, gid: POSTGRES_UID, mode: 0o750 });
      }
      await cluster.apply([database('writer', 'data', { isWriting: true })]);
      await project.kubectl('wait', '--for=condition=Ready', 'pod/writer', '--timeout=120s');
      await until(project, async () => (await notes(project, 'committed')).length > 200);
    });

    test('copied with hooks, starts elsewhere with every row that was committed before', async () => {
      const { code, stdout, stderr } = await project.volumes([
        'copy',
        'data',
        'quiesced',
        '--quiesce',
        'hooks',
      ]);
      assert.equal(code, 0, `${stdout}${stderr}`);
      const committed = await notes(project, 'at-copy');
      assert.ok(committed.length > 200);
      await until(project, async () => (await notes(project, 'committed')).length > committed.length);
      await place().cluster.apply([database('reader', 'quiesced', { isWriting: false })]);
      await project.kubectl('wait', '--for=condition=Ready', 'pod/reader', '--timeout=120s');
      const found = new Set((await query(project, 'reader', 'select id from written')).split('\n'));
      assert.deepEqual(
        committed.filter((id) => !found.has(id)),
        [],
      );
    });

    test('copied without hooks, gives a copy that is called fuzzy', async () => {
      const earlier = (await notes(project, 'committed')).length;
      // Slowly, or it may be over between two of the writes, and be as good as one that was quiesced.
      const copy = ['copy', 'data', 'live', '--bandwidth', '10M', '-o', 'json'];
      const { code, stdout, stderr } = await project.volumes(copy);
      assert.ok((await notes(project, 'committed')).length > earlier);
      assert.equal(code, 3, `${stdout}${stderr}`);
      assert.equal((JSON.parse(stdout) as { result?: string }).result, 'fuzzy');
      const state = await project.kubectl('get', 'pvc', 'live', '-o', 'jsonpath={.metadata.annotations}');
      assert.match(state, /"openshift-backup\.io\/copy-state":"fuzzy"/u);
    });
  });
}

function database(
  name: string,
  claim: string,
  { isWriting }: { readonly isWriting: boolean },
): KubernetesObject {
  const common = {
    image: POSTGRES_IMAGE,
    imagePullPolicy: 'Never',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const shared = [
    { name: 'run', mountPath: '/run' },
    { name: 'notes', mountPath: '/notes' },
  ];
  const server = {
    ...common,
    name: 'postgres',
    command: ['sh', '-c', SERVE],
    volumeMounts: [...shared, { name: 'data', mountPath: '/data' }],
    readinessProbe: {
      exec: { command: ['/pg/pg_isready', '-h', '/run'] },
      periodSeconds: 1,
      failureThreshold: 60,
    },
  };
  const writer = { ...common, name: 'writer', command: ['sh', '-c', WRITE], volumeMounts: shared };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'database',
      name,
      annotations: {
        [`${PREFIX}/pre-hook`]: JSON.stringify(PRE_HOOK),
        [`${PREFIX}/post-hook`]: JSON.stringify(POST_HOOK),
        [`${PREFIX}/hook-container`]: 'postgres',
      },
    },
    spec: {
      terminationGracePeriodSeconds: 1,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: POSTGRES_UID,
        runAsGroup: POSTGRES_UID,
        fsGroup: POSTGRES_UID,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: isWriting ? [server, writer] : [server],
      volumes: [
        { name: 'run', emptyDir: {} },
        { name: 'notes', emptyDir: {} },
        { name: 'data', persistentVolumeClaim: { claimName: claim } },
      ],
    },
  };
}

/** The numbers in the notes; the last one may not be whole yet. */
async function notes(project: Project, file: string): Promise<string[]> {
  const text = await project.kubectl('exec', 'writer', '-c', 'postgres', '--', 'cat', `/notes/${file}`);
  return text.split('\n').filter((line, index, lines) => index < lines.length - 1 && line !== '');
}

async function query(project: Project, pod: string, sql: string): Promise<string> {
  const command = [
    'exec',
    pod,
    '-c',
    'postgres',
    '--',
    '/pg/psql',
    '-h',
    '/run',
    '-d',
    'postgres',
    '-Atc',
    sql,
  ];
  return await project.kubectl(...command);
}

async function until(project: Project, holds: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 60_000;
  for (;;) {
    try {
      if (await holds()) return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
    }
    if (Date.now() > endMs) throw new Error(await project.kubectl('describe', 'pods'));
  }
}

import { connect } from '../../../src/kubernetes/connect.ts';
import { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { ClusterObjects } from '../../../src/kubernetes/objects.ts';
import { errorText } from '../../../src/model/known-error.ts';
import { withTargetLock } from '../../../src/volumes/run/target-lock.ts';
import { BRIEF } from './opted-in.ts';

/*
 * Locks a claim and says so, until standard input ends: `node hold-target.ts KUBECONFIG PROJECT CLAIM`.
 */
const [kubeconfig = '', namespace = '', target = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const connection = await connect({ kubeconfig, context: '' });
const objects = new ClusterObjects(new ApiClient(connection, 'test', signal));
const request = { namespace, target, holder: `process ${process.pid}`, signal, times: BRIEF };
try {
  await withTargetLock(objects, request, async () => {
    process.stdout.write('holds\n');
    for await (const _ of process.stdin);
  });
  process.stdout.write('done\n');
} catch (error) {
  process.stdout.write(`${errorText(error)}\n`);
} finally {
  connection.close();
  process.stdin.destroy();
}

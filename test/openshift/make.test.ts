import { after, before, describe } from 'node:test';
import { ensureBinaries } from '../cluster/binaries.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { withoutControllers } from '../cluster/controllers.ts';
import { backupnowCases } from './backupnow-cases.ts';
import { buildCases } from './build-cases.ts';
import { cleanCases } from './clean-cases.ts';
import { createCases } from './create-cases.ts';
import { projectsCases } from './projects-cases.ts';
import { troubleCases } from './trouble-cases.ts';

const skip = withoutControllers(await ensureBinaries(() => {}));

describe('on plain Kubernetes', { skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ controllers: true });
  });
  after(() => cluster.stop());

  createCases(() => cluster);
  projectsCases(() => cluster);
  backupnowCases(() => cluster);
  buildCases(() => cluster);
  cleanCases(() => cluster);
  troubleCases(() => cluster);
});

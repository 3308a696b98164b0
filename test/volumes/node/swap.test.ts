import { describe } from 'node:test';
import { whyNoNode } from '../../cluster/node/why-no-node.ts';
import { hookCases } from './hook-cases.ts';
import { swapCases } from './swap-cases.ts';
import { placeOnNode } from './on-node.ts';

const skip = (await whyNoNode()) ?? false;

// Most of the time is spent with waiting for pods.
describe('volumes under an application, on a node', { skip, concurrency: 4 }, () => {
  const place = placeOnNode();
  swapCases(place, {
    kind: 'Deployment',
    claim: 'data',
    deaths: ['reserve', 'make-claim'],
    deathsBack: ['make-old-claim'],
  });
  swapCases(place, {
    kind: 'StatefulSet',
    claim: 'files-db-0',
    deaths: ['drop-copy', 'resume'],
    deathsBack: [],
  });
  hookCases(place);
});

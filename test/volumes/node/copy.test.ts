import { describe } from 'node:test';
import { whyNoNode } from '../../cluster/node/why-no-node.ts';
import { crashCases } from './crash-cases.ts';
import { firstCases } from './first-cases.ts';
import { pendingCases } from './pending-cases.ts';
import { stillCases } from './still-cases.ts';
import { tierCases } from './tier-cases.ts';
import { placeOnNode } from './on-node.ts';

const skip = (await whyNoNode()) ?? false;

describe('volumes on a node', { skip }, () => {
  const place = placeOnNode();
  // Each has a project of its own.
  describe('side by side', { concurrency: 3 }, () => {
    firstCases(place);
    tierCases(place);
    stillCases(place);
  });
  // These take the node's processors, and its kubelet.
  pendingCases(place);
  crashCases(place);
});

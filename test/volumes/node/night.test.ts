import { describe } from 'node:test';
import { whyNoNode } from '../../cluster/node/why-no-node.ts';
import { nightCases } from './night-cases.ts';
import { postgresCases } from './postgres-cases.ts';
import { placeOnNode } from './on-node.ts';

const skip = (await whyNoNode()) ?? false;

describe('volumes at night', { skip }, () => {
  const place = placeOnNode();
  nightCases(place);
  postgresCases(place);
});

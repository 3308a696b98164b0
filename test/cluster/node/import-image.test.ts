import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullName } from './import-image.ts';

const NAMES: Readonly<Record<string, string>> = {
  tiny: 'docker.io/library/tiny:latest',
  'tiny:1': 'docker.io/library/tiny:1',
  'tests/tiny': 'docker.io/tests/tiny:latest',
  'tests/tiny:1': 'docker.io/tests/tiny:1',
  'localhost/tiny': 'localhost/tiny:latest',
  'localhost:5000/tiny': 'localhost:5000/tiny:latest',
  'quay.io/tests/tiny:1': 'quay.io/tests/tiny:1',
};

test('an image is found by its full name', () => {
  for (const [name, full] of Object.entries(NAMES)) {
    assert.equal(fullName(name), full);
    assert.equal(fullName(full), full);
  }
});

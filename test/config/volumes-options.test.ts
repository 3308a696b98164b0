import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import type { Option, Settings } from '../../src/config/options.ts';

/** What a text means; a pattern for one that is refused. */
const VALUES: Partial<Record<Option['key'], Readonly<Record<string, string | number | RegExp>>>> = {
  copyBandwidthKiB: {
    '0': 0,
    '800K': 800,
    '20M': 20 * 1024,
    '1G': 1024 * 1024,
    '20MB': /800K, 20M or 1G/u,
    '-1': /800K/u,
    '': /800K/u,
  },
  copyDeadlineSeconds: {
    '30s': 30,
    '90m': 5400,
    '6h': 21_600,
    '2d': 172_800,
    '29s': /at least 30s/u,
    '15d': /14d/u,
    '6': /6h/u,
  },
  copyFolder: {
    uploads: 'uploads',
    'uploads/': 'uploads',
    'a b/c': 'a b/c',
    '': /give the path/u,
    '/': /give the path/u,
  },
  copyMode: { mirror: 'mirror', generations: 'generations', tar: /mirror or generations/u },
  copyQuiesce: { none: 'none', hooks: 'hooks', scale: 'scale', stop: /none or hooks or scale/u },
  copyKeep: { '1': 1, '0': /from 1 to 1000/u },
  copyNode: { 'node-1.example.com': 'node-1.example.com', Node: /name of a node/u },
  image: {
    'registry.example.com:5000/a/b:1': 'registry.example.com:5000/a/b:1',
    [`a@sha256:${'0'.repeat(64)}`]: `a@sha256:${'0'.repeat(64)}`,
    'a b': /name of an image/u,
  },
};

describe('The options of copies', () => {
  for (const [key, texts] of Object.entries(VALUES)) {
    test(key, () => {
      for (const [text, expected] of Object.entries(texts)) {
        const load = (): Settings => loadSettings({ flags: { [key]: [text] } });
        if (expected instanceof RegExp) assert.throws(load, expected, text);
        else assert.equal(load()[key as keyof Settings], expected, text);
      }
    });
  }

  test('have values when nobody gives any', () => {
    const { copyFolder, copyInto, copyMode, copyKeep, copyQuiesce, copyBandwidthKiB, copyDeadlineSeconds } =
      loadSettings({});
    assert.deepEqual(
      [copyFolder, copyInto, copyMode, copyKeep, copyQuiesce, copyBandwidthKiB, copyDeadlineSeconds],
      ['', '', 'mirror', 7, 'none', 0, 21_600],
    );
  });
});

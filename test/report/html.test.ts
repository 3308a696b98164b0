import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteLength, fitting, html, plain, shortened } from '../../src/report/html.ts';

const TEXTS = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '&',
      ';',
      '#',
      '/',
      '-',
      '!',
      '=',
      ' ',
      '\n',
      'a',
      '\u202E',
      '\uD800',
    ),
  }),
);

const REFERENCES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** What a browser makes of a text with references. */
function resolved(text: string): string {
  return text.replaceAll(/&([a-z]+|#\d+);/gu, (whole, name: string) => REFERENCES[name] ?? whole);
}

test('a value in HTML ends neither its element nor its attribute, and is read as it was', () => {
  fc.assert(
    fc.property(TEXTS, TEXTS, (text, attribute) => {
      const { html: written } = html`<p title="${attribute}">${text}</p>`;
      const [, title = '', content = ''] = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/su.exec(written) ?? [];
      assert.deepEqual([resolved(title), resolved(content)], [attribute, text]);
      assert.doesNotMatch(written.replaceAll(/&(?:amp|lt|gt|quot|#39);/gu, ''), /&/u);
    }),
  );
});

test('a text of an archive has nothing invisible in it, and is not too long', () => {
  fc.assert(
    fc.property(TEXTS, fc.integer({ min: 1, max: 40 }), (text, max) => {
      const shown = plain(text, max);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      assert.ok(shown.length <= max + 1);
    }),
  );
  assert.equal(shortened('ab\u{1F600}', 3), 'ab…');
  assert.equal(plain('<b>\u202E\n'), String.raw`<b>\u{202e}\u{a}`);
});

test('bytes are counted as they are written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(byteLength({ html: text }), Buffer.byteLength(text));
    }),
  );
});

test('as many parts are shown as there is room for, and the others are counted', () => {
  const parts = ['aa', 'ä', 'bb'].map((text) => html`${text}`);
  for (const [room, count] of [
    [0, 0],
    [3, 1],
    [4, 2],
    [6, 3],
  ] as const) {
    const { shown, omittedCount } = fitting(parts, room);
    assert.deepEqual([shown.length, omittedCount], [count, 3 - count]);
  }
});

test('numbers have their thousands apart, lists their parts one after the other, indents go', () => {
  // Under another name the formatter leaves it as it is.
  const write = html;
  const part = write`<i>  ${'a\n  b'}</i>`;
  const { html: written } = write`<b>${12_345}</b>
    ${['<', part]}`;
  assert.equal(written, '<b>12,345</b>\n&lt;<i>  a\n  b</i>');
});

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import { type Browser, launch, type Page } from 'puppeteer-core';
import { runCli } from '../support/run-cli.ts';
import { writeNightOf } from '../drift/nights.ts';
import { ensureChromium } from './chromium.ts';
import { HOSTILE, hostileNight, writeMonth } from './report-nights.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SCHEMES = ['light', 'dark'] as const;
/** Where screenshots go for people to look at; none where nobody asks. */
const SCREENSHOTS = process.env['REPORT_SCREENSHOTS'] ?? '';

const chromium = await ensureChromium((line) => process.stderr.write(`${line}\n`));

describe('the report in a browser', { skip: 'reason' in chromium && chromium.reason }, () => {
  let folder: string;
  let browser: Browser;
  const urls: Record<string, string> = {};

  before(async () => {
    assert.ok('path' in chromium);
    folder = await mkdtemp(path.join(tmpdir(), 'report-browser-test-'));
    const dir = await mkdtemp(path.join(folder, 'month-'));
    await writeMonth(dir);
    const hostile = await mkdtemp(path.join(folder, 'hostile-'));
    for (const day of [18, 19, 20]) await writeNightOf(hostile, day, hostileNight(day));
    const empty = await mkdtemp(path.join(folder, 'empty-'));
    for (const [name, of] of Object.entries({ month: dir, hostile, empty })) {
      const { code, stderr } = await runCli(['report', '--dir', of, '--schedule', '15 0 * * *']);
      assert.deepEqual([code, stderr], [0, '']);
      urls[name] = pathToFileURL(path.join(of, 'report.html')).href;
    }
    // As root there is no sandbox, and what is shown is ours.
    const args = ['--no-sandbox', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND'];
    browser = await launch({ executablePath: chromium.path, headless: true, args });
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  /** Opens a report, with everything unfolded, and says what it asked for and what the browser had to say. */
  async function opened(
    name: string,
    scheme: (typeof SCHEMES)[number],
  ): Promise<{ page: Page; said: string[]; asked: string[] }> {
    const page = await browser.newPage();
    const said: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    page.on('request', (request) => asked.push(request.url()));
    const session = await page.createCDPSession();
    session.on('Log.entryAdded', ({ entry }) => said.push(entry.text));
    await session.send('Log.enable');
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.setViewport({ width: 1280, height: 900 });
    await page.goto(urls[name] ?? '', { waitUntil: 'load' });
    return { page, said, asked };
  }

  for (const name of ['month', 'hostile', 'empty']) {
    for (const scheme of SCHEMES) {
      test(`${name}, ${scheme}: asks for nothing, complains of nothing, and can be read by everybody`, async () => {
        const { page, said, asked } = await opened(name, scheme);
        if (SCREENSHOTS !== '')
          await page.screenshot({ path: path.join(SCREENSHOTS, `${name}-${scheme}.png`), fullPage: true });
        await page.$$eval('details', (all) => all.forEach((one) => one.setAttribute('open', '')));
        await page.evaluate(await readFile(AXE, 'utf8'));
        const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
        assert.deepEqual(
          violations.map(({ id, impact, nodes }) => [id, impact, nodes.slice(0, 3).map(({ html }) => html)]),
          [],
        );
        assert.deepEqual([said, asked], [[], [urls[name]]]);
        await page.close();
      });
    }
  }

  test('keeps hostile texts as texts', async () => {
    const { page } = await opened('hostile', 'light');
    const found = (await page.evaluate(`({
      title: document.title,
      elements: document.querySelectorAll('img, script, iframe, object, embed, form, base, link, textarea').length,
      handlers: [...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith('on')).length,
      styles: document.querySelectorAll('style, [style]').length,
      links: [...document.querySelectorAll('a')].map((one) => one.getAttribute('href')).filter((href) => !href.startsWith('#')),
      text: document.body.textContent,
    })`)) as { title: string; text: string };
    const { title, text, ...counts } = found;
    assert.equal(title, 'openshift-backup: what changed, night by night');
    assert.deepEqual(counts, { elements: 0, handlers: 0, styles: 1, links: [] });
    for (const hostile of HOSTILE.slice(0, 6))
      assert.ok(text.includes(`configmaps/${HOSTILE.indexOf(hostile)}${hostile}`), hostile);
    assert.doesNotMatch(text, /[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u);
    await page.close();
  });

  test('works without scripts: every link leads somewhere, and a number unfolds what it counts', async () => {
    const page = await browser.newPage();
    await page.setJavaScriptEnabled(false);
    await page.goto(urls['month'] ?? '');
    const { linkCount, broken, words } = (await page.evaluate(`({
      linkCount: document.links.length,
      broken: [...document.links].map(({ hash }) => hash).filter((hash) => !document.getElementById(hash.slice(1))),
      words: document.body.innerText,
    })`)) as { linkCount: number; broken: string[]; words: string };
    assert.deepEqual([linkCount > 20, broken], [true, []]);
    assert.match(words, /Last complete archive: 2026-11-20 00:15/u);
    const cell = await page.$('.heat a[href*="-n"]');
    assert.ok(cell);
    const open = 'document.querySelectorAll("details[open]").length';
    assert.equal(await page.evaluate(open), 0);
    await cell.click();
    assert.equal(await page.evaluate(open), 1);
    await page.close();
  });

  test('has headings in order, and names every table, column and row', async () => {
    const { page } = await opened('month', 'light');
    const found = (await page.evaluate(`({
      levels: [...document.querySelectorAll('h1, h2, h3, h4')].map(({ tagName }) => Number(tagName.slice(1))),
      tables: document.querySelectorAll('table').length,
      captions: document.querySelectorAll('table > caption').length,
      headers: [...document.querySelectorAll('th')].filter((one) => !one.scope).length,
      rows: [...document.querySelectorAll('tbody tr')].filter((one) => !one.querySelector('th')).length,
    })`)) as { levels: number[]; tables: number; captions: number; headers: number; rows: number };
    const { levels, tables, captions, ...unnamed } = found;
    assert.equal(levels[0], 1);
    for (const [index, level] of levels.entries()) assert.ok(level <= (levels[index - 1] ?? 0) + 1);
    assert.deepEqual([tables, captions, unnamed], [5, 5, { headers: 0, rows: 0 }]);
    await page.close();
  });

  test('is printed with everything unfolded, on white paper, whatever the screen looks like', async () => {
    const { page } = await opened('month', 'dark');
    const look = `({
      back: getComputedStyle(document.body).backgroundColor,
      states: [...new Set([...document.querySelectorAll('details > div')].map((one) => one.checkVisibility()))],
    })`;
    assert.deepEqual(await page.evaluate(look), { back: 'rgb(15, 19, 24)', states: [false] });
    const session = await page.createCDPSession();
    // Both at once: Puppeteer's own calls undo each other.
    const features = [{ name: 'prefers-color-scheme', value: 'dark' }];
    await session.send('Emulation.setEmulatedMedia', { media: 'print', features });
    assert.deepEqual(await page.evaluate(look), { back: 'rgb(255, 255, 255)', states: [true] });
    await page.close();
  });
});

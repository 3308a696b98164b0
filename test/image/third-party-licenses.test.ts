import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { rolldown } from 'rolldown';
import { thirdPartyLicenses } from '../../rolldown.config.ts';
import { runProgram } from '../support/run-program.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const FILE = 'THIRD-PARTY-LICENSES.txt';
const folder = await mkdtemp(path.join(tmpdir(), 'openshift-backup-licenses-'));
after(() => rm(folder, { recursive: true }));

test('The bundle brings the licence text of every package whose code is in it', async () => {
  const dist = path.join(folder, 'dist');
  await runProgram('npm', ['run', '-s', 'build', '--', '--dir', dist], { cwd: ROOT });
  const texts = await readFile(path.join(dist, FILE), 'utf8');
  const packages = await packagesIn(dist);
  assert.ok(packages.size > 50, `${packages.size} packages`);
  for (const place of packages) {
    const { name, version, license } = JSON.parse(
      await readFile(path.join(ROOT, place, 'package.json'), 'utf8'),
    );
    const title = `\n${name} ${version} (${license})\n`;
    assert.equal(texts.split(title).length, 2, `${title.trim()}: once`);
    for (const file of await readdir(path.join(ROOT, place))) {
      if (!/^(?:licen[cs]e|notice|copying)/iu.test(file)) continue;
      const text = (await readFile(path.join(ROOT, place, file), 'utf8')).trim();
      assert.ok(text.length > 100 && texts.includes(text), `${place}/${file}`);
    }
  }
  // Its text stands in the README alone.
  assert.match(
    texts,
    /^isarray 1\.0\.0 \(MIT\)\n=+\n\n.*\n\nCopyright \(c\) 2013 Julian Gruber .*\n\nPermission is/mu,
  );
  // The bundler's own code.
  assert.match(texts, /^rolldown \d/mu);
});

test('The build fails on a package without a licence text, and on a reason that is not needed', async () => {
  const silent = await made('silent', { 'README.md': '# silent\n\n## License\n\nMIT\n' });
  await assert.rejects(
    licencesOf(silent),
    /silent 1\.2\.3 \(MIT\) is in the bundle and brings no licence text/u,
  );
  const reason = { silent: 'it is ours' };
  assert.match(
    await licencesOf(silent, reason),
    /^silent 1\.2\.3 \(MIT\)\n=+\n\nNo licence text: it is ours\.$/mu,
  );
  const spoken = await made('spoken', {
    'LICENSE.txt': 'the terms',
    NOTICE: 'the notice',
    'license-checker.js': 'no terms',
    // A part with a licence of its own.
    'lib/LICENSE': 'the terms of a part',
  });
  const texts = await licencesOf(spoken);
  assert.match(texts, /^spoken 1\.2\.3 \(MIT\)$/mu);
  assert.ok(texts.endsWith('=\n\nthe terms of a part\n\nthe terms\n\nthe notice\n'), texts);
  await assert.rejects(licencesOf(spoken, reason), /needs no reason any more: silent/u);
});

/** Where the packages lie whose files the bundle names in its comments. */
async function packagesIn(dist: string): Promise<Set<string>> {
  const packages = new Set<string>();
  for (const file of await readdir(dist)) {
    const text = file.endsWith('.js') ? await readFile(path.join(dist, file), 'utf8') : '';
    for (const [, place = ''] of text.matchAll(/^\s*\/\/ ((?:node_modules\/(?:@[^/\n]+\/)?[^/\n]+\/)+)/gmu))
      packages.add(place);
  }
  return packages;
}

/** A program that uses a package with these files. */
async function made(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const place = path.join(folder, name, 'node_modules', name);
  await mkdir(path.join(place, 'lib'), { recursive: true });
  const packageFile = { name, version: '1.2.3', license: 'MIT', type: 'module', main: 'lib/index.js' };
  const all = {
    'package.json': JSON.stringify(packageFile),
    'lib/package.json': '{}',
    'lib/index.js': 'export const one = [process.pid];',
    ...files,
  };
  for (const [file, text] of Object.entries(all)) await writeFile(path.join(place, file), text);
  const main = path.join(folder, name, 'main.js');
  await writeFile(main, `import { one } from '${name}';\nconsole.log(one);\n`);
  return main;
}

async function licencesOf(main: string, reasons: Readonly<Record<string, string>> = {}): Promise<string> {
  const bundle = await rolldown({ input: main, plugins: [thirdPartyLicenses(reasons)] });
  try {
    const { output } = await bundle.generate();
    const file = output.find(({ fileName }) => fileName === FILE);
    return file?.type === 'asset' ? String(file.source) : '';
  } finally {
    await bundle.close();
  }
}

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { type KubernetesObject, titleOf } from '../cluster/objects.ts';
import { kustomize, MANIFESTS } from './kustomize.ts';
import { processTemplate } from './process-template.ts';
import { COPY_TEMPLATES, TEMPLATES, VOLUME_TEMPLATES } from './template-list.ts';
import { templateText } from './templates.ts';

const PROJECT = 'my-project';
const WRITTEN = [...TEMPLATES, ...VOLUME_TEMPLATES];

if (process.env['UPDATE_MANIFESTS'] === '1') {
  for (const spec of WRITTEN)
    writeFileSync(path.join(MANIFESTS, spec.file), templateText(await kustomize(spec.folder), spec));
}

for (const spec of WRITTEN) {
  describe(spec.file, () => {
    const text = readFileSync(path.join(MANIFESTS, spec.file), 'utf8');

    test('is what the generator writes', async () => {
      const expected = templateText(await kustomize(spec.folder), spec);
      assert.equal(text, expected, `${spec.file} is behind. To write it anew: npm run manifests`);
    });

    test(`gives the objects of ${spec.folder}`, async () => {
      const objects = processTemplate(text, {
        BACKUP_NAMESPACES: PROJECT,
        BACKUP_NAMESPACE: 'cluster-backup',
      });
      assert.deepEqual(canonical(objects), canonical(await kustomize(spec.folder)));
    });
  });
}

/** Objects by kind and name, so that a difference shows as the field that it is. */
function canonical(objects: readonly KubernetesObject[]): Record<string, KubernetesObject> {
  return Object.fromEntries(objects.map((object) => [titleOf(object), object]));
}

test('every template is in the list', () => {
  const files = readdirSync(MANIFESTS).filter((file) => file.startsWith('template'));
  assert.deepEqual(files.toSorted(), [...WRITTEN.map(({ file }) => file), ...COPY_TEMPLATES].toSorted());
});

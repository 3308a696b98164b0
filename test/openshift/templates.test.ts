import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { type KubernetesObject, titleOf } from '../cluster/objects.ts';
import { kustomize, MANIFESTS } from './kustomize.ts';
import { processTemplate } from './process-template.ts';
import { TEMPLATES } from './template-list.ts';
import { templateText } from './templates.ts';

const PROJECT = 'my-project';

if (process.env['UPDATE_MANIFESTS'] === '1') {
  for (const spec of TEMPLATES)
    writeFileSync(
      path.join(MANIFESTS, spec.file),
      templateText(await kustomize(`overlays/${spec.overlay}`), spec),
    );
}

for (const spec of TEMPLATES) {
  describe(spec.file, () => {
    const text = readFileSync(path.join(MANIFESTS, spec.file), 'utf8');

    test('is what the generator writes', async () => {
      const expected = templateText(await kustomize(`overlays/${spec.overlay}`), spec);
      assert.equal(text, expected, `${spec.file} is behind. To write it anew: npm run manifests`);
    });

    test(`gives the objects of the overlay ${spec.overlay}`, async () => {
      const objects = processTemplate(text, {
        BACKUP_NAMESPACES: PROJECT,
        BACKUP_NAMESPACE: 'cluster-backup',
      });
      assert.deepEqual(canonical(objects), canonical(await kustomize(`overlays/${spec.overlay}`)));
    });
  });
}

/** Objects by kind and name, so that a difference shows as the field that it is. */
function canonical(objects: readonly KubernetesObject[]): Record<string, KubernetesObject> {
  return Object.fromEntries(objects.map((object) => [titleOf(object), object]));
}

test('every template is in the list', () => {
  const files = readdirSync(MANIFESTS).filter((file) => file.startsWith('template'));
  assert.deepEqual(files.toSorted(), TEMPLATES.map(({ file }) => file).toSorted());
});

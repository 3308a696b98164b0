import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Cluster } from '../cluster/cluster.ts';
import { makeWorkplace, type Workplace } from './workplace.ts';

const CALLED = 'called';

/** The cases of `make build-docker-image`. The builders here only write down how they were called. */
export function buildCases(clusterOf: () => Cluster): void {
  describe('make build-docker-image', () => {
    let place: Workplace;

    before(async () => {
      place = await makeWorkplace(clusterOf());
    });
    after(() => place.remove());

    test('takes podman, docker or buildah, whichever is there first, or the one that is asked for', async () => {
      const builders = ['buildah', 'docker', 'podman'];
      for (const builder of builders) {
        await install(builder, `echo "${builder} $*" >"${CALLED}"`);
        assert.equal((await place.make(['build-docker-image'])).code, 0);
        assert.equal(await called(), `${builder} build --tag openshift-backup:latest .\n`);
      }
      const image = {
        OPENSHIFT_BACKUP_BUILD: 'docker',
        OPENSHIFT_BACKUP_IMAGE: 'registry.example.com/backup:2',
      };
      const result = await place.make(['build-docker-image'], image);
      assert.equal(await called(), 'docker build --tag registry.example.com/backup:2 .\n');
      assert.match(
        result.stdout,
        /docker push registry\.example\.com\/backup:2, and OPENSHIFT_BACKUP_IMAGE\.\n$/u,
      );
    });

    test('fails when the build fails, and when the builder that is asked for is missing', async () => {
      await install('podman', 'exit 125');
      const failed = await place.make(['build-docker-image']);
      assert.equal(failed.scriptCode, 4);
      assert.match(failed.stderr, /^error: podman could not build the image\n/u);
      await rm(path.join(place.folder, 'programs', 'podman'));
      const missing = await place.make(['build-docker-image'], { OPENSHIFT_BACKUP_BUILD: 'podman' });
      assert.equal(missing.scriptCode, 2);
      assert.match(
        missing.stderr,
        /^error: there is no podman: install it, or leave OPENSHIFT_BACKUP_BUILD out\n/u,
      );
    });

    test('says what it takes to build on OpenShift', async () => {
      const result = await place.make(['build-docker-image'], { OPENSHIFT_BACKUP_BUILD: 'openshift' });
      assert.equal(result.scriptCode, 2);
      assert.match(
        result.stderr,
        /^error: a build on OpenShift needs oc: install it, or podman, docker or buildah\n/u,
      );
    });

    async function install(builder: string, script: string): Promise<void> {
      await writeFile(path.join(place.folder, 'programs', builder), `#!/bin/sh\n${script}\n`, {
        mode: 0o755,
      });
    }

    function called(): Promise<string> {
      return readFile(path.join(place.folder, CALLED), 'utf8');
    }
  });
}

import { generatedName } from './generated-name.ts';
import { annotation, type Condition, EACH, type FieldRule, type Path, type RuleGroup } from './rule.ts';
import { urlSecret } from './secret-url.ts';
import { SOURCE } from './sources.ts';

const DEPLOYMENT_CONFIGS = ['deploymentconfigs.apps.openshift.io'];
const BUILD_CONFIGS = ['buildconfigs.build.openshift.io'];
const IMAGE_STREAMS = ['imagestreams.image.openshift.io'];

const BUILD_TYPES = `${SOURCE.openshiftApi}/build/v1/types.go`;
const IMAGE_TYPES = `${SOURCE.openshiftApi}/image/v1/types.go`;

const CONTAINERS = { keys: /^(?:containers|initContainers)$/u };
const STRATEGIES = { keys: /^(?:source|docker|custom)Strategy$/u };
const GENERATED = 'made for the service account, with a name of its own on every cluster';

/** Containers whose image a trigger fills in by itself. */
const TRIGGERED_CONTAINER: Condition = {
  field: ['name'],
  sameAs: [
    'spec',
    'triggers',
    {
      elements: {
        all: [
          { field: ['type'], is: 'ImageChange' },
          { field: ['imageChangeParams', 'automatic'], is: true },
        ],
      },
    },
    'imageChangeParams',
    'containerNames',
    EACH,
  ],
};

/** DeploymentConfigs, BuildConfigs and ImageStreams. */
export const BUILD_RULES: RuleGroup = {
  prune: [
    {
      id: 'build-last-image',
      types: BUILD_CONFIGS,
      path: ['spec', 'triggers', EACH, 'imageChange', 'lastTriggeredImageID'],
      // A trigger of this type without `imageChange` is refused.
      isParentKept: true,
      reason: 'the image that the last build was started for',
      source: `${BUILD_TYPES}#L1086`,
    },
    {
      id: 'imagestream-check',
      types: IMAGE_STREAMS,
      path: annotation('openshift.io/image.dockerRepositoryCheck'),
      reason: 'when the registry was last looked at',
      source: `${SOURCE.openshiftApi}/image/v1/consts.go#L12`,
    },
    {
      id: 'imagestream-tag-generation',
      types: IMAGE_STREAMS,
      path: ['spec', 'tags', EACH, 'generation'],
      reason: 'counts the imports of a tag, scheduled ones too',
      source: `${IMAGE_TYPES}#L295`,
    },
    {
      id: 'imagestream-internal-repository',
      types: IMAGE_STREAMS,
      path: ['spec', 'dockerImageRepository'],
      when: {
        field: ['spec', 'dockerImageRepository'],
        matches: /^(?:image-registry\.openshift-image-registry\.svc|docker-registry\.default\.svc)[.:/]/u,
      },
      reason: "the address that the image has in the cluster's own registry",
      source: `${IMAGE_TYPES}#L255`,
    },
  ],
  apply: [
    {
      id: 'deploymentconfig-triggered-image',
      types: DEPLOYMENT_CONFIGS,
      path: ['spec', 'template', 'spec', CONTAINERS, { elements: TRIGGERED_CONTAINER }, 'image'],
      reason: 'filled in by a trigger, which may never begin when there is an image already',
      source: `${SOURCE.openshiftApiserver}/pkg/apps/apiserver/registry/deployconfig/strategy.go#L62`,
    },
    {
      id: 'deploymentconfig-last-image',
      types: DEPLOYMENT_CONFIGS,
      path: ['spec', 'triggers', EACH, 'imageChangeParams', 'lastTriggeredImage'],
      reason: 'the image that the trigger saw last, cleared by the server when the object is made',
      source: `${SOURCE.openshiftApiserver}/pkg/apps/apiserver/registry/deployconfig/strategy.go#L62`,
    },
    generatedSecret('build-push-secret', ['spec', 'output', 'pushSecret']),
    generatedSecret('build-pull-secret', ['spec', 'strategy', STRATEGIES, 'pullSecret']),
    {
      id: 'build-source-pull-secret',
      types: BUILD_CONFIGS,
      path: ['spec', 'source', 'images', { elements: isGenerated(['pullSecret', 'name']) }, 'pullSecret'],
      reason: GENERATED,
      source: `${BUILD_TYPES}#L507`,
    },
  ],
  secret: [
    ...['github', 'generic', 'gitlab', 'bitbucket'].map((kind) => ({
      id: `build-${kind}-secret`,
      types: BUILD_CONFIGS,
      path: ['spec', 'triggers', EACH, kind, 'secret'],
      reason: 'who knows it may start builds',
      source: `${BUILD_TYPES}#L1040`,
    })),
    ...['uri', 'httpProxy', 'httpsProxy'].map((field) =>
      urlSecret(`build-git-${field.toLowerCase()}`, BUILD_CONFIGS, ['spec', 'source', 'git', field]),
    ),
  ],
};

function isGenerated(name: Path): Condition {
  return {
    any: [
      { field: name, matches: generatedName('builder-dockercfg-') },
      { field: name, sameAs: ['spec', 'serviceAccount'], after: generatedName('-dockercfg-') },
    ],
  };
}

function generatedSecret(id: string, path: Path): FieldRule {
  const when = isGenerated([...path, 'name']);
  return {
    id,
    types: BUILD_CONFIGS,
    path,
    when,
    isParentKept: true,
    reason: GENERATED,
    source: `${BUILD_TYPES}#L930`,
  };
}

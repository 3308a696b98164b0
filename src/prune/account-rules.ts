import { generatedName } from './generated-name.ts';
import { annotation, type Condition, EACH, type FieldRule, label, type RuleGroup } from './rule.ts';
import { SOURCE } from './sources.ts';

const SERVICE_ACCOUNTS = ['serviceaccounts'];
const SECRETS = ['secrets'];

const REGISTRY = `${SOURCE.openshiftControllerManager}/pkg/internalregistry/controllers`;
const PULL_SECRET_REF = annotation('openshift.io/internal-registry-pull-secret-ref');
const IS_PULL_SECRET: Condition = {
  any: [
    { field: ['name'], sameAs: ['metadata', 'name'], after: generatedName('-dockercfg-') },
    { field: ['name'], sameAs: PULL_SECRET_REF },
  ],
};
const IS_TOKEN: Condition = {
  field: ['name'],
  sameAs: ['metadata', 'name'],
  after: generatedName('-token-'),
};
const IS_TOKEN_SECRET: Condition = { field: ['type'], is: 'kubernetes.io/service-account-token' };
const BARE: Condition = {
  all: [
    { count: [], is: 1 },
    { count: ['metadata'], is: 2 },
  ],
};

/** ServiceAccounts, and the Secrets that are made for them. */
export const ACCOUNT_RULES: RuleGroup = {
  prune: [
    {
      id: 'account-token-secrets',
      types: SERVICE_ACCOUNTS,
      path: ['secrets', { elements: { any: [IS_TOKEN, IS_PULL_SECRET] } }],
      reason: 'made for the service account, with a name of its own on every cluster',
      source: `${SOURCE.velero}/pkg/restore/actions/service_account_action.go`,
    },
    {
      id: 'account-pull-secrets',
      types: SERVICE_ACCOUNTS,
      path: ['imagePullSecrets', { elements: IS_PULL_SECRET }],
      reason: 'made for the service account, with a name of its own on every cluster',
      source: `${SOURCE.veleroOpenshift}/velero-plugins/serviceaccount/restore.go`,
    },
    {
      id: 'account-pull-secret-ref',
      types: SERVICE_ACCOUNTS,
      path: PULL_SECRET_REF,
      reason: 'names the pull secret that was made for the service account',
      source: `${REGISTRY}/annotations.go#L11`,
    },
    {
      id: 'account-token-data',
      types: SECRETS,
      path: ['data', { keys: /^(?:token|ca\.crt|namespace|service-ca\.crt)$/u }],
      when: IS_TOKEN_SECRET,
      reason: 'filled in by the cluster; of no use on another one, nor for a service account made anew',
      source: `${SOURCE.velero}/pkg/restore/actions/secret_action.go`,
    },
    {
      id: 'account-token-uid',
      types: SECRETS,
      path: annotation('kubernetes.io/service-account.uid'),
      reason: 'names the service account by its uid, which is another one on every cluster',
      source: `${SOURCE.kubernetesApi}/core/v1/types.go#L7848`,
    },
    legacyToken('last-used', 'rewritten every day on which the token is used', 55),
    legacyToken('invalid-since', 'says since when nobody has used the token', 40),
    {
      id: 'olm-secret-hash',
      types: SECRETS,
      path: annotation('olmcahash'),
      reason: 'the hash of a certificate that the lifecycle manager renews by itself',
      source: `${SOURCE.olm}/pkg/controller/install/certresources.go#L370`,
    },
  ],
  skip: [
    {
      id: 'default-account',
      types: SERVICE_ACCOUNTS,
      when: { field: ['metadata', 'name'], is: 'default' },
      rest: BARE,
      reason: 'made in every namespace, and nothing has been added',
      source: `${SOURCE.kubernetes}/pkg/controller/serviceaccount/serviceaccounts_controller.go`,
    },
    {
      id: 'builder-account',
      types: SERVICE_ACCOUNTS,
      when: {
        all: [
          { field: ['metadata', 'name'], matches: /^(?:builder|deployer)$/u },
          {
            any: [
              { has: PULL_SECRET_REF },
              { has: ['secrets', { elements: IS_PULL_SECRET }] },
              { has: ['imagePullSecrets', { elements: IS_PULL_SECRET }] },
            ],
          },
        ],
      },
      rest: BARE,
      reason: 'made by OpenShift in every project, and nothing has been added',
      source: `${SOURCE.openshiftControllerManager}/pkg/cmd/controller/serviceaccount.go`,
    },
    {
      id: 'generated-token-secret',
      types: SECRETS,
      when: {
        all: [
          IS_TOKEN_SECRET,
          {
            any: [
              {
                field: ['metadata', 'name'],
                sameAs: annotation('kubernetes.io/service-account.name'),
                after: generatedName('-token-'),
              },
              {
                field: annotation('kubernetes.io/created-by'),
                is: 'openshift.io/create-dockercfg-secrets',
              },
            ],
          },
        ],
      },
      reason:
        'a token that was made for a service account by itself; those that somebody asked for are stored',
      source: `${REGISTRY}/legacy_token_secret_controller.go#L52`,
    },
    {
      id: 'generated-pull-secret',
      types: SECRETS,
      when: {
        all: [
          { field: ['type'], is: 'kubernetes.io/dockercfg' },
          {
            any: [
              'openshift.io/internal-registry-auth-token.service-account',
              'openshift.io/internal-registry-auth-token.binding',
              'openshift.io/token-secret.name',
              'openshift.io/token-secret.value',
              'kubernetes.io/service-account.name',
              'kubernetes.io/service-account.uid',
            ].map((name) => ({ has: annotation(name) })),
          },
        ],
      },
      reason: 'the pull secret of a service account, made by itself and rewritten about every half hour',
      source: `${REGISTRY}/annotations.go#L5`,
    },
    {
      id: 'serving-cert-secret',
      types: SECRETS,
      when: {
        any: ['beta', 'alpha'].map((stage) => ({
          has: annotation(`service.${stage}.openshift.io/originating-service-name`),
        })),
      },
      reason: 'made and renewed because an annotation of its Service asks for it',
      source: `${SOURCE.serviceCa}/pkg/controller/api/api.go#L70`,
    },
    {
      id: 'bootstrap-token',
      types: SECRETS,
      when: { field: ['type'], is: 'bootstrap.kubernetes.io/token' },
      reason: 'lets a new node in, for a day',
      source: `${SOURCE.kubernetesApi}/core/v1/types.go#L7910`,
    },
    {
      id: 'node-password',
      types: SECRETS,
      when: {
        all: [
          { field: ['metadata', 'namespace'], is: 'kube-system' },
          { field: ['metadata', 'name'], matches: /\.node-password\.k3s$/u },
        ],
      },
      reason: "belongs to a node's own file; without it the node brings it again",
      source: `${SOURCE.k3s}/pkg/nodepassword/nodepassword.go`,
    },
  ],
  secret: [
    ...['data', 'stringData'].map((field) => ({
      id: `secret-${field.toLowerCase()}`,
      types: SECRETS,
      path: [field, EACH],
      reason: 'what Secrets are for',
      source: `${SOURCE.kubernetesApi}/core/v1/types.go`,
    })),
    {
      id: 'secret-annotations',
      types: SECRETS,
      path: ['metadata', 'annotations', EACH],
      reason: 'tokens have stood in them (openshift.io/token-secret.value), and nobody knows what else',
      source: `${REGISTRY}/annotations.go#L5`,
    },
  ],
};

function legacyToken(what: string, reason: string, line: number): FieldRule {
  return {
    id: `account-token-${what}`,
    types: SECRETS,
    path: label(`kubernetes.io/legacy-token-${what}`),
    reason,
    source: `${SOURCE.kubernetes}/pkg/serviceaccount/legacy.go#L${line}`,
  };
}

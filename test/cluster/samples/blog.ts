import type { KubernetesObject } from '../objects.ts';
import { base64, maker, named, podTemplate, service } from './shorthand.ts';

const make = maker('blog');
const REGISTRY = 'image-registry.openshift-image-registry.svc:5000';
const DIGEST = 'sha256:9a7d5a1b0c3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccdde';

/** A blog as OpenShift builds and runs one: DeploymentConfig, ImageStreams, BuildConfigs, Templates. */
export function blog(): KubernetesObject[] {
  return [...deployment(), ...images(), ...builds(), ...templates(), ...configuration()];
}

function deployment(): KubernetesObject[] {
  const selector = { app: 'blog', deploymentconfig: 'blog' };
  const template = podTemplate(selector, [
    { name: 'blog', image: `${REGISTRY}/blog/blog@${DIGEST}`, port: 8080 },
  ]);
  return [
    make('apps.openshift.io/v1', 'DeploymentConfig', named('blog'), {
      spec: {
        replicas: 1,
        selector,
        strategy: {
          type: 'Rolling',
          rollingParams: { maxSurge: '25%', maxUnavailable: '25%', timeoutSeconds: 600 },
        },
        template,
        triggers: [
          { type: 'ConfigChange' },
          {
            type: 'ImageChange',
            imageChangeParams: {
              automatic: true,
              containerNames: ['blog'],
              from: { kind: 'ImageStreamTag', name: 'blog:latest', namespace: 'blog' },
              lastTriggeredImage: `${REGISTRY}/blog/blog@${DIGEST}`,
            },
          },
        ],
      },
      status: { latestVersion: 7, observedGeneration: 12, replicas: 1, availableReplicas: 1 },
    }),
    make('apps.openshift.io/v1', 'DeploymentConfig', named('comments'), {
      spec: {
        replicas: 0,
        paused: true,
        selector: { app: 'comments' },
        strategy: { type: 'Recreate' },
        template: podTemplate({ app: 'comments' }, [
          { name: 'comments', image: 'comments:latest', port: 3000 },
        ]),
        triggers: [],
      },
      status: { latestVersion: 1 },
    }),
    make(
      'v1',
      'ReplicationController',
      {
        name: 'blog-7',
        labels: selector,
        annotations: {
          'openshift.io/deployment-config.latest-version': '7',
          'openshift.io/deployment-config.name': 'blog',
          'openshift.io/deployment.phase': 'Complete',
        },
      },
      { spec: { replicas: 1, selector, template } },
    ),
    service(make, 'blog', 8080),
    make('route.openshift.io/v1', 'Route', named('blog', { 'haproxy.router.openshift.io/timeout': '60s' }), {
      spec: {
        host: 'blog.example.com',
        path: '/',
        to: { kind: 'Service', name: 'blog', weight: 100 },
        tls: { termination: 'edge' },
        wildcardPolicy: 'None',
      },
    }),
    make('networking.k8s.io/v1', 'Ingress', named('blog'), {
      spec: {
        ingressClassName: 'openshift-default',
        rules: [
          {
            host: 'blog-ingress.example.com',
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: 'blog', port: { name: 'http' } } },
                },
              ],
            },
          },
        ],
      },
    }),
  ];
}

function images(): KubernetesObject[] {
  const item = { created: '2026-10-02T08:15:00Z', dockerImageReference: `${REGISTRY}/blog/blog@${DIGEST}` };
  return [
    make('image.openshift.io/v1', 'ImageStream', named('blog'), {
      spec: { lookupPolicy: { local: true } },
      status: {
        dockerImageRepository: `${REGISTRY}/blog/blog`,
        tags: [{ tag: 'latest', items: [{ ...item, generation: 1, image: DIGEST }] }],
      },
    }),
    make('image.openshift.io/v1', 'ImageStream', named('nodejs'), {
      spec: {
        lookupPolicy: { local: false },
        tags: [
          {
            name: '24-ubi9',
            annotations: { 'openshift.io/display-name': 'Node.js 24 (UBI 9)', tags: 'builder,nodejs' },
            from: { kind: 'DockerImage', name: 'registry.example.com/ubi9/nodejs-24:latest' },
            importPolicy: { scheduled: true, importMode: 'Legacy' },
            referencePolicy: { type: 'Local' },
            generation: 4,
          },
        ],
      },
      status: { dockerImageRepository: `${REGISTRY}/blog/nodejs`, tags: [] },
    }),
  ];
}

function builds(): KubernetesObject[] {
  const source = {
    type: 'Git',
    git: { uri: 'https://git.example.com/blog.git', ref: 'main' },
    contextDir: 'web',
  };
  const strategy = {
    type: 'Source',
    sourceStrategy: {
      from: { kind: 'ImageStreamTag', name: 'nodejs:24-ubi9' },
      env: [{ name: 'NODE_ENV', value: 'production' }],
    },
  };
  const output = { to: { kind: 'ImageStreamTag', name: 'blog:latest' } };
  return [
    make('build.openshift.io/v1', 'BuildConfig', named('blog'), {
      spec: {
        source: { ...source, sourceSecret: { name: 'git' } },
        strategy,
        output,
        runPolicy: 'Serial',
        triggers: [
          { type: 'GitHub', github: { secret: 'a-webhook-secret-in-plain-text' } },
          { type: 'Generic', generic: { secretReference: { name: 'webhook' } } },
          { type: 'ImageChange', imageChange: { lastTriggeredImageID: `${REGISTRY}/blog/nodejs@${DIGEST}` } },
          { type: 'ConfigChange' },
        ],
        successfulBuildsHistoryLimit: 3,
      },
      status: { lastVersion: 7 },
    }),
    make('build.openshift.io/v1', 'BuildConfig', named('comments'), {
      spec: {
        source: { type: 'Dockerfile', dockerfile: 'FROM ubi9\nRUN echo "built in the cluster"\n' },
        strategy: { type: 'Docker', dockerStrategy: {} },
        output: { to: { kind: 'ImageStreamTag', name: 'comments:latest' } },
        triggers: [],
      },
      status: { lastVersion: 0 },
    }),
    make(
      'build.openshift.io/v1',
      'Build',
      { name: 'blog-7', labels: { buildconfig: 'blog' }, annotations: { 'openshift.io/build.number': '7' } },
      { spec: { source, strategy, output, serviceAccount: 'builder' }, status: { phase: 'Complete' } },
    ),
  ];
}

/** A Template's objects are user data: nothing in them may be pruned, whatever it is called. */
function templates(): KubernetesObject[] {
  const labels = { app: '${NAME}' };
  return [
    make('template.openshift.io/v1', 'Template', named('blog-with-database', { tags: 'instant-app,blog' }), {
      message: 'The blog is at https://${NAME}.example.com',
      labels: { template: 'blog-with-database' },
      objects: [
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: '${NAME}', creationTimestamp: null, resourceVersion: '4711', uid: 'kept' },
          spec: { selector: labels, ports: [{ port: 8080 }], clusterIP: '10.96.1.1' },
          status: { loadBalancer: {} },
        },
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: '${NAME}', managedFields: [] },
          stringData: { password: '${PASSWORD}' },
        },
      ],
      parameters: [
        { name: 'NAME', value: 'blog', required: true },
        { name: 'PASSWORD', generate: 'expression', from: '[a-zA-Z0-9]{16}' },
      ],
    }),
    make('template.openshift.io/v1', 'TemplateInstance', 'blog-1', {
      spec: { template: { metadata: { name: 'empty' }, objects: [] }, secret: { name: 'webhook' } },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    }),
  ];
}

function configuration(): KubernetesObject[] {
  const quay = JSON.stringify({ auths: { 'registry.example.com': { auth: base64('robot:token') } } });
  return [
    make('v1', 'Secret', 'git', {
      type: 'kubernetes.io/basic-auth',
      data: { username: base64('ci'), password: base64('pa ss\nword') },
    }),
    make('v1', 'Secret', 'deploy-key', {
      type: 'kubernetes.io/ssh-auth',
      data: { 'ssh-privatekey': base64('not a key') },
    }),
    make('v1', 'Secret', 'quay', {
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': base64(quay) },
    }),
    make('v1', 'Secret', 'webhook', { type: 'Opaque', data: { WebHookSecretKey: base64('hook') } }),
    make('authorization.openshift.io/v1', 'RoleBindingRestriction', 'only-staff', {
      spec: { grouprestriction: { groups: ['staff'], labels: null } },
    }),
    make('rbac.authorization.k8s.io/v1', 'RoleBinding', 'editors', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'staff' }],
    }),
  ];
}

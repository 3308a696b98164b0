import type { KubernetesObject } from '../cluster/objects.ts';
import { base64, type Maker, maker, named, podTemplate, service } from '../cluster/samples/shorthand.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** One object of each kind of which projects have many, by its number. Nothing here runs. */
const KINDS: readonly ((make: Maker, index: number, project: string) => KubernetesObject)[] = [
  (make, index) => make('v1', 'ConfigMap', `settings-${index}`, { data: { index: `${index}`, empty: '' } }),
  (make, index) =>
    make('v1', 'Secret', `secret-${index}`, { type: 'Opaque', data: { value: base64(`v${index}`) } }),
  (make, index) => make('v1', 'ServiceAccount', `account-${index}`),
  (make, index) => service(make, `app-${index}`, 8000 + index),
  (make, index) =>
    make('apps/v1', 'Deployment', named(`app-${index}`), {
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: `app-${index}` } },
        template: podTemplate({ app: `app-${index}` }, [
          { name: 'app', image: `example/app:${index}`, port: 8080 },
        ]),
      },
    }),
  (make, index) =>
    make('batch/v1', 'CronJob', named(`job-${index}`), {
      spec: {
        schedule: `${index} 3 * * *`,
        suspend: index % 2 === 0,
        jobTemplate: {
          spec: {
            template: podTemplate({ app: 'job' }, [{ name: 'job', image: 'example/job:1' }], {
              restartPolicy: 'Never',
            }),
          },
        },
      },
    }),
  (make, index) =>
    make('route.openshift.io/v1', 'Route', named(`app-${index}`), {
      spec: {
        host: `app-${index}.example.com`,
        to: { kind: 'Service', name: `app-${index}` },
        wildcardPolicy: 'None',
      },
    }),
  (make, index) =>
    make('networking.k8s.io/v1', 'NetworkPolicy', `allow-${index}`, {
      spec: { podSelector: { matchLabels: { app: `app-${index}` } }, policyTypes: ['Ingress'] },
    }),
  (make, index) =>
    make(`${RBAC}/v1`, 'Role', `role:${index}`, {
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: [`pod-${index}`] }],
    }),
  (make, index, project) =>
    make(`${RBAC}/v1`, 'RoleBinding', `role:${index}`, {
      roleRef: { apiGroup: RBAC, kind: 'Role', name: `role:${index}` },
      subjects: [{ kind: 'ServiceAccount', name: `account-${index}`, namespace: project }],
    }),
];

/** A project with `count` objects of each of ten kinds. */
export function bulkObjects(project: string, count: number): KubernetesObject[] {
  const make = maker(project);
  const numbers = Array.from({ length: count }, (_, index) => index);
  return [
    maker()('v1', 'Namespace', project),
    ...KINDS.flatMap((kind) => numbers.map((index) => kind(make, index, project))),
  ];
}

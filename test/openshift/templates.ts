import { Document, Scalar, visit } from 'yaml';
import type { KubernetesObject } from '../cluster/objects.ts';
import { PARAMETERS, type TemplateSpec } from './template-list.ts';

const NAME = 'openshift-backup';
const NO_SECRETS = 'false';

/** A path in an object, its parts separated by spaces, and what stands there in a template. */
interface Place {
  readonly kinds?: readonly string[];
  readonly path: RegExp;
  readonly text: (value: string, spec: TemplateSpec) => string;
}

/**
 * The places that parameters take. Everything else stays as it is, whatever it reads: a command is called
 * openshift-backup under any name, and so is the folder of archives.
 */
const PLACES: readonly Place[] = [
  { kinds: ['Namespace'], path: /^metadata name$/u, text: () => '${NAMESPACE}' },
  { path: /^metadata name$/u, text: named },
  { path: /^metadata namespace$/u, text: () => '${NAMESPACE}' },
  { path: / (?:app|app\.kubernetes\.io\/instance)$/u, text: () => '${NAME}' },
  { path: /^roleRef name$/u, text: named },
  { path: /^subjects \d+ name$/u, text: named },
  { path: /^subjects \d+ namespace$/u, text: (_, spec) => `\${${spec.namespaceParameter}}` },
  { path: / (?:serviceAccountName|persistentVolumeClaim claimName|configMapRef name)$/u, text: named },
  { path: / containers \d+ image$/u, text: () => '${IMAGE}' },
  { kinds: ['CronJob'], path: /^spec schedule$/u, text: () => '${SCHEDULE}' },
  { kinds: ['CronJob'], path: /^spec timeZone$/u, text: () => '${TIME_ZONE}' },
  { kinds: ['PersistentVolumeClaim'], path: /^spec accessModes 0$/u, text: () => '${ACCESS_MODE}' },
  { kinds: ['PersistentVolumeClaim'], path: /^spec resources requests storage$/u, text: () => '${CAPACITY}' },
  setting('OPENSHIFT_BACKUP_NAME', 'NAME'),
  setting('OPENSHIFT_BACKUP_RETAIN_DAYS', 'BACKUP_RETAIN_DAYS'),
  setting('OPENSHIFT_BACKUP_SCHEDULE', 'SCHEDULE'),
  setting('OPENSHIFT_BACKUP_TIME_ZONE', 'TIME_ZONE'),
  setting('OPENSHIFT_BACKUP_NAMESPACES', 'BACKUP_NAMESPACES'),
  {
    kinds: ['ConfigMap'],
    path: /^data BACKUP_SECRETS$/u,
    // Without the rights to read them there is nothing to choose.
    text: (value) => (value === NO_SECRETS ? value : '${BACKUP_SECRETS}'),
  },
];

/** The text of a template file with these objects of its overlay. */
export function templateText(objects: readonly KubernetesObject[], spec: TemplateSpec): string {
  const items = objects.map((object) => withOptionalFields(parameterized(object, spec)));
  const used = JSON.stringify(items);
  const parameters = PARAMETERS.filter(({ name }) => used.includes(`{${name}}`));
  const document = new Document(
    {
      apiVersion: 'template.openshift.io/v1',
      kind: 'Template',
      metadata: {
        name: spec.file.replace(/\.yml$/u, '').replace('template', NAME),
        annotations: {
          'openshift.io/display-name': 'OpenShift backup',
          description: spec.description,
          tags: 'backup',
        },
      },
      message: spec.message,
      parameters: parameters.map((parameter) => ({ ...parameter, required: true })),
      // The last field: openshift/render.sh makes a List of what follows.
      objects: items,
    },
    { aliasDuplicateObjects: false },
  );
  document.commentBefore = ` Written from openshift/${spec.folder}; to write it anew: npm run manifests`;
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && node.value.includes('${')) node.type = Scalar.QUOTE_SINGLE;
    },
  });
  return document.toString({ lineWidth: 0, singleQuote: true });
}

function setting(key: string, parameter: string): Place {
  return { kinds: ['ConfigMap'], path: new RegExp(`^data ${key}$`, 'u'), text: () => `\${${parameter}}` };
}

/** `openshift-backup-view` with its first part as a parameter; names of others stay. */
function named(value: string): string {
  return value === NAME || value.startsWith(`${NAME}-`) ? `\${NAME}${value.slice(NAME.length)}` : value;
}

function parameterized(object: KubernetesObject, spec: TemplateSpec): KubernetesObject {
  const walk = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item: unknown, index) => walk(item, `${path} ${index}`));
    if (typeof value === 'object' && value !== null) {
      const fields = Object.entries(value).map(([key, field]) => [key, walk(field, `${path} ${key}`.trim())]);
      return Object.fromEntries(fields) as unknown;
    }
    if (typeof value !== 'string') return value;
    const place = PLACES.find(
      (known) => (known.kinds?.includes(object.kind) ?? true) && known.path.test(path),
    );
    return place ? place.text(value, spec) : value;
  };
  return walk(object, '') as KubernetesObject;
}

/** Adds the fields that stand in a template only: `null` for a parameter in `${{…}}` leaves the field out. */
function withOptionalFields(object: KubernetesObject): KubernetesObject {
  if (object.kind === 'PersistentVolumeClaim') {
    return { ...object, spec: { ...(object['spec'] as object), storageClassName: '${{STORAGE_CLASS}}' } };
  }
  if (object.kind !== 'CronJob') return object;
  const copy = structuredClone(object) as unknown as CronJob;
  copy.spec.jobTemplate.spec.template.spec['affinity'] = '${{AFFINITY}}';
  return copy as unknown as KubernetesObject;
}

interface CronJob {
  spec: { jobTemplate: { spec: { template: { spec: Record<string, unknown> } } } };
}

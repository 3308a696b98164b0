/** A template, and where its objects come from. */
export interface TemplateSpec {
  /** Its file below `openshift/`. */
  readonly file: string;
  /** The folder below `openshift/` that holds its objects. */
  readonly folder: string;
  readonly description: string;
  /** What `oc process` says at the end. */
  readonly message: string;
  /** What stands for the namespace of the ServiceAccount. */
  readonly namespaceParameter: 'NAMESPACE' | 'BACKUP_NAMESPACE';
}

/** A parameter of a template. */
export interface Parameter {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  /** Its default; none for one that has to be given. */
  readonly value?: string;
}

const RUN_NOW = 'A backup now: oc create job -n ${NAMESPACE} --from=cronjob/${NAME} ${NAME}-manual-1';
const RUN_NOW_HERE = 'A backup now: oc create job --from=cronjob/${NAME} ${NAME}-manual-1';
const BOUND = 'The backup ${NAME} in ${BACKUP_NAMESPACE} may now read this project.';

/** The templates of an installation; the names of the first four are the original's. */
export const TEMPLATES: readonly TemplateSpec[] = [
  {
    file: 'template.yml',
    folder: 'overlays/cluster',
    description: 'The whole cluster, Secrets included.',
    message: RUN_NOW,
    namespaceParameter: 'NAMESPACE',
  },
  {
    file: 'template-no-secret.yml',
    folder: 'overlays/cluster-no-secrets',
    description: 'The whole cluster without Secrets.',
    message: RUN_NOW,
    namespaceParameter: 'NAMESPACE',
  },
  {
    file: 'template-non-admin-job.yml',
    folder: 'overlays/projects',
    description:
      'Some projects, without any right in the cluster, in the current project; template-non-admin-binding.yml gives the rights in each.',
    message: RUN_NOW_HERE,
    namespaceParameter: 'NAMESPACE',
  },
  {
    file: 'template-non-admin-binding.yml',
    folder: 'overlays/project-binding',
    description: 'The rights in one project, which is the current one, Secrets included.',
    message: BOUND,
    namespaceParameter: 'BACKUP_NAMESPACE',
  },
  {
    file: 'template-non-admin-binding-no-secret.yml',
    folder: 'overlays/project-binding-no-secrets',
    description: 'The rights in one project, which is the current one, without Secrets.',
    message: BOUND,
    namespaceParameter: 'BACKUP_NAMESPACE',
  },
  {
    file: 'template-kubernetes.yml',
    folder: 'overlays/kubernetes',
    description: 'Plain Kubernetes (make create): the whole cluster, Secrets included.',
    message: RUN_NOW,
    namespaceParameter: 'NAMESPACE',
  },
  {
    file: 'template-kubernetes-no-secret.yml',
    folder: 'overlays/kubernetes-no-secrets',
    description: 'Plain Kubernetes (make create): the whole cluster without Secrets.',
    message: RUN_NOW,
    namespaceParameter: 'NAMESPACE',
  },
  {
    file: 'template-kubernetes-non-admin-job.yml',
    folder: 'overlays/kubernetes-projects',
    description: 'Plain Kubernetes (make create): some projects, without any right in the cluster.',
    message: RUN_NOW_HERE,
    namespaceParameter: 'NAMESPACE',
  },
];

/** The templates of what lets the backup copy volumes. */
export const VOLUME_TEMPLATES: readonly TemplateSpec[] = [
  {
    file: 'template-volumes.yml',
    folder: 'volumes/openshift',
    description: 'Copies of volumes: what the backup may do in projects that are opted in.',
    message: 'Nobody has these rights yet; template-volumes-project.yml gives them in one project.',
    namespaceParameter: 'BACKUP_NAMESPACE',
  },
  {
    file: 'template-volumes-project.yml',
    folder: 'volumes/everything',
    description: 'Copies of volumes: the rights in one project, which is the current one.',
    message:
      'The backup ${NAME} in ${BACKUP_NAMESPACE} may now copy volumes here; label the project openshift-backup.io/volumes=allowed.',
    namespaceParameter: 'BACKUP_NAMESPACE',
  },
];

/** Templates that are written by hand: their objects are for one copy, and in no installation. */
export const COPY_TEMPLATES = ['template-backup-block.yml', 'template-backup-shared.yml'] as const;

/** The parameters in the order in which a template lists those that it has. */
export const PARAMETERS: readonly Parameter[] = [
  {
    name: 'NAME',
    displayName: 'Name',
    description: "The name of each object, and the first part of the archives' names",
    value: 'openshift-backup',
  },
  {
    name: 'NAMESPACE',
    displayName: 'Project',
    description: 'The project in which everything lies',
    value: 'cluster-backup',
  },
  {
    name: 'BACKUP_NAMESPACE',
    displayName: 'Project of the backup',
    description: 'The project in which the backup itself runs',
  },
  {
    name: 'BACKUP_NAMESPACES',
    displayName: 'Projects to back up',
    description: 'Their names, separated by commas',
  },
  {
    name: 'SCHEDULE',
    displayName: 'Schedule',
    description: 'When to run, as a cron expression',
    value: '15 0 * * *',
  },
  {
    name: 'TIME_ZONE',
    displayName: 'Time zone',
    description: 'The time zone of the schedule, such as Europe/Berlin',
    value: 'Etc/UTC',
  },
  {
    name: 'CAPACITY',
    displayName: 'Capacity',
    description: 'The size of the volume with the archives',
    value: '2Gi',
  },
  {
    name: 'ACCESS_MODE',
    displayName: 'Access mode',
    description: 'ReadWriteMany; with ReadWriteOnce give AFFINITY too',
    value: 'ReadWriteMany',
  },
  {
    name: 'STORAGE_CLASS',
    displayName: 'Storage class',
    description: "The volume's storage class; null stands for the cluster's default one",
    value: 'null',
  },
  {
    name: 'AFFINITY',
    displayName: 'Affinity',
    description:
      'Where runs are to go, as JSON; null for any node (openshift/components/read-write-once has the one for ReadWriteOnce)',
    value: 'null',
  },
  {
    name: 'BACKUP_RETAIN_DAYS',
    displayName: 'Days to retain',
    description: 'Archives older than so many days are removed after a complete run',
    value: '7',
  },
  {
    name: 'BACKUP_SECRETS',
    displayName: 'Secrets',
    description: 'true (or include), redact, false (or exclude)',
    value: 'true',
  },
  {
    name: 'IMAGE',
    displayName: 'Image',
    description: 'The image of both pods',
    value: 'openshift-backup:latest',
  },
];

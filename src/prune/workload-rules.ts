import {
  annotation,
  type Condition,
  EACH,
  type FieldRule,
  label,
  type Path,
  type RuleGroup,
} from './rule.ts';
import { SOURCE } from './sources.ts';

const DEPLOYMENTS = ['deployments.apps'];
const REPLICA_SETS = ['replicasets.apps'];
const STATEFUL_SETS = ['statefulsets.apps'];
const DAEMON_SETS = ['daemonsets.apps'];
const REPLICATION_CONTROLLERS = ['replicationcontrollers'];
const JOBS = ['jobs.batch'];
const CRON_JOBS = ['cronjobs.batch'];
const AUTOSCALERS = ['horizontalpodautoscalers.autoscaling'];

const CLAIM_TEMPLATES: Path = ['spec', 'volumeClaimTemplates', EACH];
const JOB_LABELS = { keys: /^(?:batch\.kubernetes\.io\/)?(?:controller-uid|job-name)$/u };
const JOB_STRATEGY = `${SOURCE.kubernetes}/pkg/registry/batch/job/strategy.go#L218`;
const CHOOSES_OWN_LABELS: Condition = { not: { field: ['spec', 'manualSelector'], is: true } };

/** What makes pods: Deployments, StatefulSets, DaemonSets, ReplicaSets, Jobs, and what scales them. */
export const WORKLOAD_RULES: RuleGroup = {
  prune: [
    templateTime(
      'template-creationtimestamp',
      [
        ...[DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS, JOBS, REPLICATION_CONTROLLERS].flat(),
        'deploymentconfigs.apps.openshift.io',
      ],
      ['spec', 'template'],
    ),
    templateTime('podtemplate-creationtimestamp', ['podtemplates'], ['template']),
    templateTime('cronjob-job-creationtimestamp', CRON_JOBS, ['spec', 'jobTemplate']),
    templateTime('cronjob-pod-creationtimestamp', CRON_JOBS, ['spec', 'jobTemplate', 'spec', 'template']),
    templateTime('claim-template-creationtimestamp', STATEFUL_SETS, CLAIM_TEMPLATES),
    {
      id: 'claim-template-status',
      types: STATEFUL_SETS,
      path: [...CLAIM_TEMPLATES, 'status'],
      reason: 'the status of a claim that is not one yet',
      source: `${SOURCE.kubernetesApi}/core/v1/types.go`,
    },
    counter('deployment-revision', [...DEPLOYMENTS, ...REPLICA_SETS], 'deployment.kubernetes.io/revision'),
    counter('deployment-revision-history', REPLICA_SETS, 'deployment.kubernetes.io/revision-history'),
    counter('deployment-desired-replicas', REPLICA_SETS, 'deployment.kubernetes.io/desired-replicas'),
    counter('deployment-max-replicas', REPLICA_SETS, 'deployment.kubernetes.io/max-replicas'),
    {
      id: 'daemonset-template-generation',
      types: DAEMON_SETS,
      path: annotation('deprecated.daemonset.template.generation'),
      reason: 'a counter of the server',
      source: `${SOURCE.kubernetesApi}/apps/v1/types.go#L30`,
    },
    autoscalerStatus('conditions'),
    autoscalerStatus('current-metrics'),
    {
      id: 'job-labels',
      types: JOBS,
      path: ['metadata', 'labels', JOB_LABELS],
      when: CHOOSES_OWN_LABELS,
      reason: "the server's labels of a Job: its own name and uid",
      source: JOB_STRATEGY,
    },
    ...[
      'openshift.io/deployment.phase',
      'openshift.io/deployment.status-reason',
      'openshift.io/deployment.cancelled',
      'openshift.io/deployer-pod.name',
      'openshift.io/deployment-config.latest-version',
      'openshift.io/encoded-deployment-config',
    ].map(rolloutState),
  ],
  apply: [
    orphanHash('replicaset-hash-label', label('pod-template-hash')),
    orphanHash('replicaset-hash-selector', ['spec', 'selector', 'matchLabels', 'pod-template-hash']),
    orphanHash('replicaset-hash-template', ['spec', 'template', ...label('pod-template-hash')]),
    {
      id: 'job-selector',
      types: JOBS,
      path: ['spec', 'selector'],
      when: CHOOSES_OWN_LABELS,
      reason: "made by the server from the Job's uid; refused in a Job that is made anew",
      source: JOB_STRATEGY,
    },
    {
      id: 'job-template-labels',
      types: JOBS,
      path: ['spec', 'template', 'metadata', 'labels', JOB_LABELS],
      when: CHOOSES_OWN_LABELS,
      reason: "made by the server from the Job's name and uid",
      source: `${SOURCE.velero}/pkg/restore/actions/job_action.go`,
    },
  ],
  skip: [
    {
      id: 'owned-replicaset',
      types: REPLICA_SETS,
      when: { ownedBy: ['Deployment', 'Rollout'] },
      reason: 'made again by its Deployment or Rollout',
      source: `${SOURCE.kubernetes}/pkg/controller/deployment/sync.go`,
    },
    {
      id: 'owned-replicationcontroller',
      types: REPLICATION_CONTROLLERS,
      when: { ownedBy: ['DeploymentConfig'] },
      reason: 'made again by its DeploymentConfig',
      source: `${SOURCE.veleroOpenshift}/velero-plugins/replicationcontroller/restore.go`,
    },
    {
      id: 'owned-job',
      types: JOBS,
      when: { ownedBy: ['CronJob'] },
      reason: 'one run of its CronJob',
      source: `${SOURCE.kubernetes}/pkg/controller/cronjob/utils.go`,
    },
    {
      id: 'finished-job',
      types: JOBS,
      when: {
        has: [
          'status',
          'conditions',
          {
            elements: {
              all: [
                { field: ['type'], matches: /^(?:Complete|Failed)$/u },
                { field: ['status'], is: 'True' },
              ],
            },
          },
        ],
      },
      reason: 'it has run; applied to another cluster it would run again',
      source: `${SOURCE.velero}/pkg/restore/restore.go#L2154`,
    },
  ],
};

function templateTime(id: string, types: readonly string[], template: Path): FieldRule {
  return {
    id,
    types,
    path: [...template, 'metadata', 'creationTimestamp'],
    reason: 'always null, written by some clients and not by others',
    source: 'https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/apis/meta/v1/types.go#L111',
  };
}

function counter(id: string, types: readonly string[], name: string): FieldRule {
  const source = `${SOURCE.kubernetes}/pkg/controller/deployment/util/deployment_util.go#L48`;
  return { id, types, path: annotation(name), reason: "the Deployment controller's count", source };
}

/** The two others, `metrics` and `behavior`, are the configuration itself in version 1. */
function autoscalerStatus(name: 'conditions' | 'current-metrics'): FieldRule {
  return {
    id: `autoscaler-${name}`,
    types: AUTOSCALERS,
    path: annotation(`autoscaling.alpha.kubernetes.io/${name}`),
    reason: 'status that version 1 keeps in an annotation',
    source: `${SOURCE.kubernetes}/pkg/apis/autoscaling/annotations.go#L25`,
  };
}

function rolloutState(name: string): FieldRule {
  return {
    id: `rollout-${name.slice('openshift.io/'.length).replace('.', '-')}`,
    types: REPLICATION_CONTROLLERS,
    path: annotation(name),
    reason: 'the state of a rollout of a DeploymentConfig',
    source: `${SOURCE.openshiftApi}/apps/v1/consts.go`,
  };
}

function orphanHash(id: string, path: Path): FieldRule {
  return {
    id,
    types: REPLICA_SETS,
    path,
    reason: 'told apart the ReplicaSets of a Deployment that is no more',
    source: `${SOURCE.kubernetesApi}/apps/v1/types.go#L425`,
  };
}

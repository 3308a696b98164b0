import { SOURCE_PATH, TARGET_PATH } from '../model/backuper.ts';
import { has, listAt, textAt, valueAt } from './fields.ts';
import { CAPABILITIES } from './names.ts';
import { podView } from './pod-view.ts';
import { celList, type Rule } from './rule.ts';

const CONTAINER_SECURITY = 'variables.container.?securityContext';
const POD_SECURITY = 'object.spec.?securityContext';
/** Each volume, and where it is mounted; a mount elsewhere could hide the program or a library. */
const PLACES = [`source=${SOURCE_PATH}`, `target=${TARGET_PATH}`, 'tmp=/tmp'] as const;
const NAMESPACES = ['hostNetwork', 'hostPID', 'hostIPC'] as const;
const PROFILES = ['', 'RuntimeDefault'] as const;

/** What a BackupEr pod reaches: volumes, the node, the kernel. */
export const SHAPE_RULES: readonly Rule[] = [
  {
    id: 'volumes',
    area: 'pods',
    attack:
      "the node's files (hostPath), Secrets, tokens, devices, or one claim by two names, to write to the source",
    message: 'a BackupEr pod has claims and an emptyDir as volumes, each claim once, and no devices',
    holds: (request) => {
      const { spec, container, volumes } = podView(request);
      const claims = volumes.map((volume) => textAt(volume, 'persistentVolumeClaim', 'claimName'));
      const named = claims.filter((claim) => claim !== '');
      return (
        volumes.every((volume) => has(volume, 'persistentVolumeClaim') || has(volume, 'emptyDir')) &&
        new Set(named).size === named.length &&
        listAt(container, 'volumeDevices').length === 0 &&
        listAt(spec, 'resourceClaims').length === 0
      );
    },
    cel: () =>
      'variables.volumes.all(v, has(v.persistentVolumeClaim) || has(v.emptyDir)) && variables.volumes.all(v, !has(v.persistentVolumeClaim) || variables.volumes.filter(w, has(w.persistentVolumeClaim) && w.persistentVolumeClaim.claimName == v.persistentVolumeClaim.claimName).size() == 1) && variables.container.?volumeDevices.orValue([]).size() == 0 && object.spec.?resourceClaims.orValue([]).size() == 0',
  },
  {
    id: 'mounts',
    area: 'pods',
    attack:
      'a volume over the program, its libraries or /etc, or a folder of a volume that the kubelet makes',
    message: `a BackupEr pod mounts source at ${SOURCE_PATH}, target at ${TARGET_PATH} and tmp at /tmp, without subPath and mountPropagation`,
    holds: (request) =>
      podView(request).mounts.every(
        (mount) =>
          PLACES.some((place) => place === `${textAt(mount, 'name')}=${textAt(mount, 'mountPath')}`) &&
          textAt(mount, 'subPath') === '' &&
          textAt(mount, 'subPathExpr') === '' &&
          ['', 'None'].includes(textAt(mount, 'mountPropagation')),
      ),
    cel: () =>
      `variables.mounts.all(m, m.name + "=" + m.mountPath in ${celList(PLACES)} && m.?subPath.orValue("") == "" && m.?subPathExpr.orValue("") == "" && m.?mountPropagation.orValue("") in ["", "None"])`,
  },
  {
    id: 'source',
    area: 'pods',
    attack: 'write to the volume that is to be copied, or let the kubelet change its owners and labels',
    message: 'the volume source of a BackupEr pod is a claim, read-only as a volume and as a mount',
    holds: (request) => {
      const { volumes, mounts } = podView(request);
      return (
        volumes.some(
          (volume) =>
            textAt(volume, 'name') === 'source' &&
            valueAt(volume, 'persistentVolumeClaim', 'readOnly') === true,
        ) && mounts.some((mount) => textAt(mount, 'name') === 'source' && valueAt(mount, 'readOnly') === true)
      );
    },
    cel: () =>
      'variables.volumes.exists(v, v.name == "source" && v.?persistentVolumeClaim.?readOnly.orValue(false)) && variables.mounts.exists(m, m.name == "source" && m.?readOnly.orValue(false))',
  },
  {
    id: 'token',
    area: 'pods',
    attack: "take the ServiceAccount's token out of the pod",
    message: 'a BackupEr pod gets no token: automountServiceAccountToken false',
    holds: ({ object }) => valueAt(object, 'spec', 'automountServiceAccountToken') === false,
    cel: () => '!object.spec.?automountServiceAccountToken.orValue(true)',
  },
  {
    id: 'host',
    area: 'pods',
    attack: "the node's network, processes or ports",
    message: 'a BackupEr pod has no namespace of its node and no ports',
    holds: (request) => {
      const { spec, container } = podView(request);
      return (
        NAMESPACES.every((key) => valueAt(spec, key) !== true) && listAt(container, 'ports').length === 0
      );
    },
    cel: () =>
      `${NAMESPACES.map((key) => `!object.spec.?${key}.orValue(false)`).join(' && ')} && variables.container.?ports.orValue([]).size() == 0`,
  },
  {
    id: 'node',
    area: 'pods',
    attack: 'a node that the scheduler would not choose, past taints and limits',
    message: 'a BackupEr pod names no node (nodeName); its affinity does',
    holds: ({ object }) => textAt(object, 'spec', 'nodeName') === '',
    cel: () => 'object.spec.?nodeName.orValue("") == ""',
  },
  {
    id: 'privileges',
    area: 'pods',
    attack: 'a privileged container, or one in which a set-id program gives more',
    message:
      'a BackupEr pod is not privileged: allowPrivilegeEscalation false, readOnlyRootFilesystem true, no procMount',
    holds: (request) => {
      const security = valueAt(podView(request).container, 'securityContext');
      return (
        valueAt(security, 'allowPrivilegeEscalation') === false &&
        valueAt(security, 'readOnlyRootFilesystem') === true &&
        valueAt(security, 'privileged') !== true &&
        ['', 'Default'].includes(textAt(security, 'procMount'))
      );
    },
    cel: () =>
      `!${CONTAINER_SECURITY}.?allowPrivilegeEscalation.orValue(true) && ${CONTAINER_SECURITY}.?readOnlyRootFilesystem.orValue(false) && !${CONTAINER_SECURITY}.?privileged.orValue(false) && ${CONTAINER_SECURITY}.?procMount.orValue("") in ["", "Default"]`,
  },
  {
    id: 'capabilities',
    area: 'pods',
    attack: 'capabilities that reach the node, such as SYS_ADMIN, or that read everything',
    message: `a BackupEr pod drops ALL capabilities, and adds at most ${CAPABILITIES.join(', ')}`,
    holds: (request) => {
      const { container } = podView(request);
      return (
        listAt(container, 'securityContext', 'capabilities', 'drop').includes('ALL') &&
        listAt(container, 'securityContext', 'capabilities', 'add').every((name) =>
          CAPABILITIES.some((allowed) => allowed === name),
        )
      );
    },
    cel: () =>
      `"ALL" in ${CONTAINER_SECURITY}.?capabilities.?drop.orValue([]) && ${CONTAINER_SECURITY}.?capabilities.?add.orValue([]).all(c, c in ${celList(CAPABILITIES)})`,
  },
  {
    id: 'profiles',
    area: 'pods',
    attack: 'no filter of system calls, another SELinux type (spc_t), no AppArmor, or sysctls',
    message:
      'a BackupEr pod has seccompProfile RuntimeDefault, no SELinux user, role or type, no AppArmor profile of its own, no sysctls',
    holds: (request) => {
      const { spec, container } = podView(request);
      const both = [valueAt(container, 'securityContext'), valueAt(spec, 'securityContext')];
      const [own = '', shared = ''] = both.map((security) => textAt(security, 'seccompProfile', 'type'));
      return (
        (own === '' ? shared : own) === 'RuntimeDefault' &&
        both.every(
          (security) =>
            ['user', 'role', 'type'].every((key) => textAt(security, 'seLinuxOptions', key) === '') &&
            PROFILES.some((profile) => profile === textAt(security, 'appArmorProfile', 'type')) &&
            !has(security, 'windowsOptions'),
        ) &&
        listAt(spec, 'securityContext', 'sysctls').length === 0
      );
    },
    cel: () =>
      [
        `${CONTAINER_SECURITY}.?seccompProfile.?type.orValue(${POD_SECURITY}.?seccompProfile.?type.orValue("")) == "RuntimeDefault"`,
        ...[CONTAINER_SECURITY, POD_SECURITY].flatMap((security) => [
          ...['user', 'role', 'type'].map((key) => `${security}.?seLinuxOptions.?${key}.orValue("") == ""`),
          `${security}.?appArmorProfile.?type.orValue("") in ${celList(PROFILES)}`,
          `!${security}.?windowsOptions.hasValue()`,
        ]),
        `${POD_SECURITY}.?sysctls.orValue([]).size() == 0`,
      ].join(' && '),
  },
];

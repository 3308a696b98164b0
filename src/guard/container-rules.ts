import { ARGUMENT_PATTERN, BACKUPER_COMMAND } from '../model/backuper.ts';
import { has, isSame, listAt, textAt, valueAt } from './fields.ts';
import { podView } from './pod-view.ts';
import { celList, celText, type Rule } from './rule.ts';

const TASKS = ['probe', 'copy', 'verify'] as const;
/** CEL's expressions repeat nothing more than 1000 times (https://github.com/google/re2/wiki/Syntax), so the length is a condition of its own. */
const ARGUMENT_LENGTH_MAX = 1024;
const ARGUMENT = ARGUMENT_PATTERN.source.replace(/\{0,\d+\}/u, '*');
const MESSAGE_PATH = '/dev/termination-log';

/** What runs in a BackupEr pod. */
export const CONTAINER_RULES: readonly Rule[] = [
  {
    id: 'one-container',
    area: 'pods',
    attack: 'a second, an init or an ephemeral container beside the real one, with everything that it has',
    message: 'a BackupEr pod has one container, called backuper, and no init or ephemeral ones',
    holds: ({ object }) =>
      listAt(object, 'spec', 'containers').length === 1 &&
      textAt(listAt(object, 'spec', 'containers')[0], 'name') === 'backuper' &&
      listAt(object, 'spec', 'initContainers').length === 0 &&
      listAt(object, 'spec', 'ephemeralContainers').length === 0,
    cel: () =>
      'object.spec.containers.size() == 1 && variables.container.name == "backuper" && object.spec.?initContainers.orValue([]).size() == 0 && object.spec.?ephemeralContainers.orValue([]).size() == 0',
  },
  {
    id: 'image',
    area: 'pods',
    attack: 'an image of somebody else, or another tag of the right one',
    message:
      'a BackupEr pod has the backup\'s own image, exactly as the guard knows it; after an upgrade run "make guard"',
    holds: (request, { images }) => images.includes(textAt(podView(request).container, 'image')),
    cel: ({ images }) => `variables.container.?image.orValue("") in ${celList(images)}`,
  },
  {
    id: 'command',
    area: 'pods',
    attack: 'another program of the image (sh -c), or a file over the real one',
    message: `the command of a BackupEr pod is ${BACKUPER_COMMAND} alone, in the image's own folder`,
    holds: (request) => {
      const { container } = podView(request);
      return (
        isSame(valueAt(container, 'command'), [BACKUPER_COMMAND]) &&
        textAt(container, 'workingDir') === '' &&
        ['', MESSAGE_PATH].includes(textAt(container, 'terminationMessagePath'))
      );
    },
    cel: () =>
      `variables.container.?command.orValue([]) == ${celList([BACKUPER_COMMAND])} && variables.container.?workingDir.orValue("") == "" && variables.container.?terminationMessagePath.orValue("") in ${celList(['', MESSAGE_PATH])}`,
  },
  {
    id: 'arguments',
    area: 'pods',
    attack: 'arguments that lead out of the volumes, or that the program takes for something else',
    message: `the arguments of a BackupEr pod are ${TASKS.join(', ')}, and then key=value without ".."`,
    holds: (request) => {
      const args = listAt(podView(request).container, 'args');
      return TASKS.some((task) => task === args[0]) && args.every(isArgument);
    },
    cel: () =>
      `variables.container.?args.orValue([]).size() > 0 && variables.container.args[0] in ${celList(TASKS)} && variables.container.args.all(a, a.size() <= ${ARGUMENT_LENGTH_MAX} && a.matches(${celText(ARGUMENT)}) && !a.contains(".."))`,
  },
  {
    id: 'environment',
    area: 'pods',
    attack: 'LD_PRELOAD, NODE_OPTIONS or BASH_ENV, or Secrets of the project in variables',
    message: 'a BackupEr pod has no environment: no env, no envFrom, enableServiceLinks false',
    holds: (request) => {
      const { spec, container } = podView(request);
      return (
        listAt(container, 'env').length === 0 &&
        listAt(container, 'envFrom').length === 0 &&
        valueAt(spec, 'enableServiceLinks') === false
      );
    },
    cel: () =>
      'variables.container.?env.orValue([]).size() == 0 && variables.container.?envFrom.orValue([]).size() == 0 && !object.spec.?enableServiceLinks.orValue(true)',
  },
  {
    id: 'hooks',
    area: 'pods',
    attack:
      'a command of a hook or of a probe, which the kubelet runs in the container, or somebody at its input',
    message: 'a BackupEr pod has no lifecycle hooks, no probes, no stdin and no tty',
    holds: (request) => {
      const { container } = podView(request);
      return (
        !HOOKS.some((key) => has(container, key)) &&
        valueAt(container, 'stdin') !== true &&
        valueAt(container, 'tty') !== true
      );
    },
    cel: () =>
      `${HOOKS.map((key) => `!has(variables.container.${key})`).join(' && ')} && !variables.container.?stdin.orValue(false) && !variables.container.?tty.orValue(false)`,
  },
  {
    id: 'lifetime',
    area: 'pods',
    attack: 'a pod that is started again and again, or never ends',
    message: 'a BackupEr pod has restartPolicy Never and activeDeadlineSeconds',
    holds: ({ object }) =>
      textAt(object, 'spec', 'restartPolicy') === 'Never' && has(object, 'spec', 'activeDeadlineSeconds'),
    cel: () => 'object.spec.?restartPolicy.orValue("") == "Never" && has(object.spec.activeDeadlineSeconds)',
  },
];

const HOOKS = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

function isArgument(value: unknown): boolean {
  return typeof value === 'string' && ARGUMENT_PATTERN.test(value) && !value.includes('..');
}

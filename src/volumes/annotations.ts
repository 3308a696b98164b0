/** What every name begins with that the tool writes on claims, pods and projects, or reads there. */
export const PREFIX = 'openshift-backup.io/';

/** On a source: the claim that shall hold its copy. */
export const COPY_TO = `${PREFIX}copy-to`;

/** On a source: how it is copied. */
export const WISHES = {
  mode: `${PREFIX}copy-mode`,
  keep: `${PREFIX}copy-keep`,
  folder: `${PREFIX}copy-folder`,
  into: `${PREFIX}copy-into`,
  quiesce: `${PREFIX}copy-quiesce`,
} as const;

/**
 * On a target, kept by the tool: the state of the copy (`incomplete`, `complete` or `fuzzy`), the claim it is of,
 * when it ended and by which run.
 */
export const COPY = {
  state: `${PREFIX}copy-state`,
  of: `${PREFIX}copy-of`,
  time: `${PREFIX}copy-time`,
  run: `${PREFIX}copy-run`,
} as const;

/** On a project, with the value `allowed`: an administrator lets its volumes be copied. */
export const VOLUMES_LABEL = `${PREFIX}volumes`;

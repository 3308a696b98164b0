/** The names that the guard keeps for the BackupEr. */

/** The ServiceAccount of BackupEr pods, in every namespace. */
export const IDENTITY = 'backuper';
/** What the names of BackupEr pods, and of the SCCs made for them, begin with. */
export const PREFIX = 'backuper-';
/** Who that ServiceAccount is when it asks for something itself. */
export const IDENTITY_USER = '^system:serviceaccount:[^:]+:backuper$';
/** OpenShift notes here which SCC has admitted a pod, and a pod says which one it wants. */
export const SCC_ANNOTATIONS = ['openshift.io/scc', 'openshift.io/required-scc'] as const;
/** Which SCCs BackupEr pods run under, by tier. */
export const SCCS = ['restricted-v2', 'nonroot-v2', 'backuper-root'] as const;
/** What a BackupEr pod is called: its task and its run. */
export const POD_NAME = '^backuper-(probe|copy|verify)-[0-9]{8}t[0-9]{6}-[a-z0-9]{5}$';
/** What root may add; the copy needs no more, and Pod Security "baseline" allows them. */
export const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETFCAP'] as const;

/**
 * What the nightly process and the program in the BackupEr pod say to each other: the pod's arguments there, its
 * termination message back. Neither ever reads the other's log to learn what happened.
 */

/** The program in the image; the only command of a BackupEr pod. */
export const BACKUPER_COMMAND = '/usr/libexec/backuper';
/** Where the source is mounted in the pod. */
export const SOURCE_PATH = '/source';
/** Where the target is. */
export const TARGET_PATH = '/target';
/** The kubelet keeps no more of a termination message (https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/kubelet/kuberuntime/kuberuntime_manager.go#L85). */
export const TERMINATION_BYTES_MAX = 4096;
/** What every argument of a BackupEr pod looks like; nothing in it holds two dots in a row. */
export const ARGUMENT_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._=/,:@+-]{0,1023}$/u;

/** How entries are written: as the user who owns everything, or as root who may set owners. */
export type WriterIdentity = 'owner' | 'root';

/** One task for the program. Paths are relative, checked, and never pass a shell. */
export interface BackuperRequest {
  /** `probe` counts and changes nothing; `copy` copies and then verifies; `verify` only compares. */
  readonly task: 'probe' | 'copy' | 'verify';
  readonly identity: WriterIdentity;
  /** Only this folder of the source; empty for all of it. */
  readonly sub: string;
  /** The folder of the target that gets the copy; empty for its root. Made if it is missing. */
  readonly into: string;
  /** `mirror` keeps one copy equal to the source; `generations` makes a folder for each, with hard links between. */
  readonly mode: 'mirror' | 'generations';
  /** The new generation's name (`20261121T001500Z`); empty for a mirror. */
  readonly generation: string;
  /** Generations that are removed after a complete copy, by name. */
  readonly expired: readonly string[];
  /** Somebody may write to the source meanwhile: files that vanish are a warning, differences make it `fuzzy`. */
  readonly isLive: boolean;
  /** A source that is empty, or has lost most of its entries since the last copy, is copied all the same. */
  readonly mayShrink: boolean;
  /** Contents are compared too, not only what the folders say of them. */
  readonly checksum: boolean;
  /** KiB a second; 0 for no limit. */
  readonly bandwidthKiB: number;
}

/** What most copies are: all of a volume, made equal, with nobody who writes to it meanwhile. */
export const WHOLE_VOLUME: Omit<BackuperRequest, 'task' | 'identity'> = {
  sub: '',
  into: '',
  mode: 'mirror',
  generation: '',
  expired: [],
  isLive: false,
  mayShrink: false,
  checksum: false,
  bandwidthKiB: 0,
};

/** What a probe has found on one side. */
export interface SideFacts {
  readonly entryCount: number;
  readonly fileCount: number;
  readonly folderCount: number;
  readonly linkCount: number;
  /** Sockets and fifos. */
  readonly specialCount: number;
  readonly deviceCount: number;
  /** As the folders say, and as the storage has it: less for sparse files. */
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  /** Entries that share their content with another one. */
  readonly hardLinkCount: number;
  readonly setIdCount: number;
  /** Null when nobody can tell. */
  readonly aclCount: number | null;
  readonly xattrCount: number | null;
  /** Entries that the prober may not read, and a few of their paths. */
  readonly unreadableCount: number;
  readonly unreadable: readonly string[];
  /** By count, at most 8; `ownerCount` is how many there are. */
  readonly owners: readonly { readonly uid: number; readonly gid: number; readonly entryCount: number }[];
  readonly ownerCount: number;
  readonly root: { readonly uid: number; readonly gid: number; readonly mode: number };
  readonly fileSystem: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly freeInodes: number;
  /** Generations that are complete, by name, oldest first; of a target in mode `generations`. */
  readonly generations?: readonly string[];
}

/** Why a task ended as it did. `unequal`: copied, but the two sides differ; `fuzzy`: so, and the source is live. */
export type BackuperOutcome =
  | 'done'
  | 'fuzzy'
  | 'unequal'
  | 'unreadable'
  | 'vanished'
  | 'target-full'
  | 'owners-refused'
  | 'shrunk'
  | 'bad-folder'
  | 'missing-folder'
  | 'interrupted'
  | 'busy'
  | 'failed'
  | 'bad-request';

/** How two sides compare. */
export interface Verification {
  readonly entryCount: number;
  readonly differenceCount: number;
  /** The first few: path and what differs, made printable. */
  readonly differences: readonly string[];
  readonly hasReadContents: boolean;
}

/** The termination message, JSON of at most TERMINATION_BYTES_MAX bytes; texts in it are cut until it fits. */
export interface BackuperReport {
  readonly task: BackuperRequest['task'];
  readonly outcome: BackuperOutcome;
  /** One line for a person: what happened and, when it failed, what to do. */
  readonly message: string;
  readonly durationMs: number;
  readonly warnings: readonly string[];
  /** The first errors of rsync or of the file system, printable. */
  readonly errors: readonly string[];
  /** The program's view of itself: `/proc/self/status` and the rsync it runs. */
  readonly identity?: {
    readonly uid: number;
    readonly gid: number;
    readonly capEff: string;
    readonly rsync: string;
  };
  readonly source?: SideFacts;
  readonly target?: SideFacts;
  readonly copied?: {
    readonly rsyncExit: number;
    readonly fileCount: number;
    readonly sizeBytes: number;
    readonly deletedCount: number;
  };
  readonly verification?: Verification;
}

/** One line of the program's log while it copies, JSON, at most one in two seconds. */
export interface BackuperProgress {
  readonly progress: {
    readonly sizeBytes: number;
    readonly percent: number;
    readonly bytesPerSecond: number;
  };
}

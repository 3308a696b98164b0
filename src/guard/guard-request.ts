/** A request to the API server as admission control sees it, as far as the guard reads it. */
export interface GuardRequest {
  readonly operation: string;
  /** Plural, such as `pods`. */
  readonly resource: string;
  /** The API group; empty for the core. */
  readonly group: string;
  /** Such as `exec`; empty for the object itself. */
  readonly subresource: string;
  /** Empty for an object that is being created. */
  readonly name: string;
  readonly namespace: string;
  readonly username: string;
  readonly groups: readonly string[];
  /** As JSON; undefined where there is none. */
  readonly object: unknown;
  readonly oldObject: unknown;
}

/** What an administrator decides. None of it is read from the cluster while requests wait. */
export interface GuardSettings {
  /** The images of BackupEr pods, each by its digest; two while one replaces the other. */
  readonly images: readonly string[];
  /** The user names of the backup's ServiceAccounts: they make the pods. */
  readonly creators: readonly string[];
  /** Those who may make such pods too, and get into them: user names and groups. */
  readonly administrators: readonly string[];
  readonly administratorGroups: readonly string[];
}

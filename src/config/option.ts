import type { SecretsMode } from '../model/manifest.ts';
import type { Parsed } from './parse-values.ts';

/** The values of all options, checked. */
export interface Settings {
  readonly config: string;
  readonly dir: string;
  /** Whether `dir` was given as a flag; only then may the folder be made. */
  readonly isDirGiven: boolean;
  readonly name: string;
  readonly retainDays: number;
  readonly keepLast: number;
  readonly namespaces: readonly string[];
  readonly excludeNamespaces: readonly string[];
  readonly selector: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly require: readonly string[];
  readonly secrets: SecretsMode;
  /** Path of the key; empty for the one on the volume. */
  readonly redactionKey: string;
  readonly kubeconfig: string;
  readonly context: string;
  /** When runs are due, as a CronJob has it; empty when nobody knows. */
  readonly schedule: string;
  /** The zone of the schedule, and of the days that are shown. */
  readonly timeZone: string;
  /** Path of the file for the last line of a run; empty for none. */
  readonly terminationLog: string;
  readonly port: number;
  /** Types that are compared; none for all. */
  readonly types: readonly string[];
  /** How old the earlier archive is at least, in milliseconds; 0 for none asked for. */
  readonly since: number;
  /** Paths of files with ignore rules. */
  readonly ignoreFiles: readonly string[];
  /** Path of a file to be made with ignore rules; empty for none. */
  readonly writeIgnore: string;
  /** Path of the report; empty for `report.html` beside the archives. */
  readonly outputFile: string;
  /** Whether a complete run writes the report. */
  readonly report: boolean;
  /** The folder of the git repository with the history; empty for none. */
  readonly git: string;
  /** Who makes its commits: `name <mail>`. */
  readonly gitAuthor: string;
  /** Copies of volumes that a run makes beside those that claims ask for, as `project/claim=target`. */
  readonly volumes: readonly string[];
  readonly copiesAtOnce: number;
  readonly copiesPerNode: number;
  /** Per storage class. */
  readonly copiesPerClass: number;
  /** Of the pods that copy volumes; empty for that of the own pod. */
  readonly image: string;
  /** A folder of the source; empty for all of it. */
  readonly copyFolder: string;
  /** The folder of the target; empty for its root. */
  readonly copyInto: string;
  readonly copyMode: 'mirror' | 'generations';
  /** Generations that stay. */
  readonly copyKeep: number;
  readonly copyQuiesce: 'none' | 'hooks' | 'scale';
  /** Whether Velero's hook annotations count too, on pods that have none of the tool's own. */
  readonly veleroHooks: boolean;
  /** A node's name; empty for whichever fits. */
  readonly copyNode: string;
  /** A second; 0 for no limit. */
  readonly copyBandwidthKiB: number;
  readonly copyDeadlineSeconds: number;
  /** Images that BackupEr pods may have. */
  readonly guardImages: readonly string[];
  /** User names of those who make BackupEr pods. */
  readonly guardCreators: readonly string[];
  readonly guardAdministrators: readonly string[];
  readonly guardAdministratorGroups: readonly string[];
  /** Paths of PEM files. */
  readonly tlsCertificate: string;
  readonly tlsKey: string;
}

/** One option that has a value. */
export interface Option {
  readonly key: Exclude<keyof Settings, 'isDirGiven'>;
  readonly flag: string;
  /** The flag's one-letter form, if it has one. */
  readonly short?: string;
  /** What stands for the value in the help text; it names the unit. */
  readonly placeholder: string;
  readonly env?: string;
  /** Its key in the config file; none for what can't stand there. */
  readonly configKey?: string;
  readonly defaultText: string;
  readonly help: string;
  /** What the config file holds under the key. A flag of a list can be given several times. */
  readonly type: 'text' | 'number' | 'boolean' | 'list';
  readonly parse: (texts: readonly string[]) => Parsed;
}

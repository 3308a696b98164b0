import type { Option } from '../config/options.ts';
import type { CommandInput, OutputFormat } from './process-context.ts';

/** Performs a command and returns its exit code. */
export type Execute = (
  input: CommandInput,
  args: readonly string[],
  switches: ReadonlySet<string>,
) => Promise<number>;

/** One command: what the help text says of it, and how it is performed. */
export interface CommandSpec {
  /** Two words, such as `volumes copy`, for a command of a group. */
  readonly name: string;
  readonly description: string;
  readonly arguments?: readonly { readonly name: string; readonly help: string }[];
  readonly options: readonly Option['key'][];
  readonly switches?: readonly { readonly flags: string; readonly help: string }[];
  /** The first one is the usual one. */
  readonly outputs?: readonly OutputFormat[];
  /** The format when nobody asks for one and standard output is no terminal. */
  readonly pipedOutput?: OutputFormat;
  /** Loads the command's code when it is needed: the client library alone takes most of a second. */
  readonly load: () => Promise<Execute>;
}

/** What leads to the cluster. */
export const CLUSTER: readonly Option['key'][] = ['kubeconfig', 'context'];

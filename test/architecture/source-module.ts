/** A source file, reduced to what the rules ask about. Lines count from 1. */
export interface SourceModule {
  /** From the project's folder: `src/cli/run.ts`. */
  readonly path: string;
  readonly lineCount: number;
  readonly imports: readonly ModuleImport[];
  readonly uses: readonly Use[];
  /** The names that are exported without a doc comment. */
  readonly undocumented: readonly Use[];
}

/** A static or dynamic import, an `import('…').Type`, or a re-export. */
export interface ModuleImport {
  /** As it is written; `import(…)` when no literal says what is imported. */
  readonly specifier: string;
  /** Gone when the types are: nothing is loaded. */
  readonly isTypeOnly: boolean;
  readonly line: number;
}

/** Something that a rule may forbid (`process.exit`, `any`, `await`), and where it stands. */
export interface Use {
  readonly name: string;
  readonly line: number;
}

/** Source texts by their paths from the project's folder. */
export type SourceTree = Readonly<Record<string, string>>;

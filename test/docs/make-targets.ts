/** The targets that a Makefile has rules for. */
export function targetsOf(makefile: string): ReadonlySet<string> {
  const rules = makefile.matchAll(/^(?<targets>[\w./-]+(?: +[\w./-]+)*) *::?(?!=)/gmu);
  const targets = [...rules].flatMap(({ groups }) => (groups?.['targets'] ?? '').split(/ +/u));
  return new Set(targets.filter((target) => !target.startsWith('.')));
}

/** The targets that a command asks for; none unless it is `make`, here, with the Makefile. */
export function targetsAskedFor([command, ...args]: readonly string[]): string[] {
  if (command !== 'make' || args.some((arg) => /^-[Cf]/u.test(arg))) return [];
  return args.filter((arg) => !arg.startsWith('-') && !arg.includes('='));
}

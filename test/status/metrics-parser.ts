/** The numbers of one metric, by the value of its only label. */
export type Samples = Readonly<Record<string, number>>;

const NAME = String.raw`[a-zA-Z_:][a-zA-Z0-9_:]*`;
const HELP = new RegExp(`^# HELP (${NAME}) (.+)$`, 'u');
const TYPE = new RegExp(`^# TYPE (${NAME}) gauge$`, 'u');
const SAMPLE = new RegExp(
  String.raw`^(${NAME})\{([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"\} (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$`,
  'u',
);

/**
 * Reads the text format of Prometheus, 0.0.4, as strictly as its description allows, and no more of it than
 * gauges with one label: each metric once, help and type before its numbers, no number twice.
 * https://github.com/prometheus/docs/blob/a3a0fda64783ec0dbef66edf5079a49c396b8647/content/docs/instrumenting/exposition_formats.md
 *
 * @throws for everything else, with the line
 */
export function parseMetrics(text: string): Record<string, Samples> {
  if (!text.endsWith('\n')) throw new SyntaxError('the last line has no end');
  const lines = text.split('\n').filter((line) => line !== '');
  const metrics = new Map<string, Samples>();
  while (lines.length > 0) {
    const name = next(lines, HELP)[0] ?? '';
    if (metrics.has(name)) throw new SyntaxError(`twice: ${name}`);
    if (next(lines, TYPE)[0] !== name) throw new SyntaxError(`no type: ${name}`);
    const samples = new Map<string, number>();
    do {
      const [of, , label = '', number] = next(lines, SAMPLE);
      if (of !== name || samples.has(label)) throw new SyntaxError(`twice, or of another: ${of} ${label}`);
      samples.set(label, Number(number));
    } while (lines[0]?.startsWith('#') === false);
    metrics.set(name, Object.fromEntries(samples));
  }
  return Object.fromEntries(metrics);
}

/** Takes the first line, which must have this form, and gives its parts. */
function next(lines: string[], form: RegExp): string[] {
  const line = lines.shift() ?? 'the end';
  const match = form.exec(line);
  if (!match) throw new SyntaxError(`expected ${form.source}: ${line}`);
  return match.slice(1);
}

import pino, { type Logger } from 'pino';

/** Log lines in JSON on standard error, for whatever collects the logs of a pod. */
export function jsonLog(): Logger {
  return pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    // A process that is about to end must not lose its last lines.
    pino.destination({ dest: 2, sync: true }),
  );
}

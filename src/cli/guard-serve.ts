import type { Answer } from '../guard/review.ts';
import { serveWebhook } from '../guard/webhook-server.ts';
import { KnownError, systemErrorCode } from '../model/known-error.ts';
import { COMPLETE } from './exit-code.ts';
import { GuardMetrics } from './guard-metrics.ts';
import { guardSettings } from './guard-settings.ts';
import { jsonLog } from './json-log.ts';
import type { CommandInput } from './process-context.ts';

/** What of a request gets into a log line; names are at most as long in Kubernetes. */
const LOGGED_LENGTH_MAX = 253;

/** `openshift-backup guard serve`: the webhook, until a signal ends it, which is its normal end. */
export async function guardServe({ process, settings }: CommandInput): Promise<number> {
  const log = jsonLog();
  const metrics = new GuardMetrics();
  try {
    await serveWebhook({
      settings: guardSettings(settings),
      files: { certificate: settings.tlsCertificate, key: settings.tlsKey },
      port: settings.port,
      signal: process.signal,
      metrics: () => metrics.text(),
      onListening: (port) => log.info({ port, images: settings.guardImages }, 'Listening'),
      onCertificate: (certificate, isFirst) => {
        metrics.serves(certificate);
        const fields = { expires: new Date(certificate.notAfterMs).toISOString() };
        if (certificate.notAfterMs < Date.now()) log.error(fields, 'The certificate has expired');
        else log.info(fields, isFirst ? 'The certificate is read' : 'The certificate has changed');
      },
      onProblem: (problem) => log.warn({ problem }, 'The new certificate is of no use; the last one goes on'),
      onAnswer: (answer, durationMs) => {
        metrics.answered(answer, durationMs);
        if (answer.problem !== undefined) log.warn({ problem: answer.problem }, 'No review');
        else if (answer.decision?.kind === 'refused') log.info(refusal(answer), 'Refused');
      },
    });
  } catch (error) {
    throw listenError(error, settings.port);
  }
  log.info({}, 'Stopped');
  return COMPLETE;
}

/** Who asked for what; nothing of the object itself, which is anybody's text. */
function refusal({ request, decision }: Answer): Record<string, string> {
  const {
    username = '',
    operation = '',
    resource = '',
    subresource = '',
    namespace = '',
    name = '',
  } = request ?? {};
  const rule = decision?.kind === 'refused' ? decision.rule.id : '';
  const fields = { rule, operation, resource, subresource, namespace, name, username };
  return Object.fromEntries(
    Object.entries(fields).map(([key, text]) => [key, text.slice(0, LOGGED_LENGTH_MAX)]),
  );
}

function listenError(error: unknown, port: number): unknown {
  const code = systemErrorCode(error);
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  return new KnownError('usage', `Cannot listen on port ${port} (${code}): choose another with --port`, {
    cause: error,
  });
}

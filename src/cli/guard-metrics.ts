import type { ServingCertificate } from '../guard/certificate.ts';
import type { Answer } from '../guard/review.ts';
import { RULES } from '../guard/rules.ts';
import type { Metric } from '../status/metrics.ts';
import { METRICS_CONTENT_TYPE, metricsText } from '../status/metrics-text.ts';

const PREFIX = 'openshift_backup_guard_';

/** What the guard counts while it runs, and tells Prometheus. */
export class GuardMetrics {
  /** By what was said: `unconcerned`, `allowed`, `refused`, or `malformed` where nothing could be. */
  readonly #reviews = new Map<string, number>(
    ['unconcerned', 'allowed', 'refused', 'malformed'].map((outcome) => [outcome, 0]),
  );
  readonly #refusals = new Map<string, number>(RULES.map(({ id }) => [id, 0]));
  #seconds = 0;
  #expiresAtSeconds = 0;

  /** Counts an answer that has taken so long. */
  answered({ decision }: Answer, durationMs: number): void {
    add(this.#reviews, decision?.kind ?? 'malformed');
    if (decision?.kind === 'refused') add(this.#refusals, decision.rule.id);
    this.#seconds += durationMs / 1000;
  }

  /** Notes when the certificate expires. */
  serves({ notAfterMs }: ServingCertificate): void {
    this.#expiresAtSeconds = notAfterMs / 1000;
  }

  /** What /metrics answers. */
  async text(): Promise<{ readonly text: string; readonly type: string }> {
    const metrics: Metric[] = [
      {
        name: `${PREFIX}reviews_total`,
        help: 'Reviews since the start, by what the guard said.',
        label: 'outcome',
        values: this.#reviews,
        isCounter: true,
      },
      {
        name: `${PREFIX}refusals_total`,
        help: 'Refused requests since the start, by the rule that they broke.',
        label: 'rule',
        values: this.#refusals,
        isCounter: true,
      },
      {
        name: `${PREFIX}review_seconds_total`,
        help: 'Time that reviews have taken since the start.',
        label: 'component',
        values: new Map([['webhook', this.#seconds]]),
        isCounter: true,
      },
      {
        name: `${PREFIX}certificate_expiry_timestamp_seconds`,
        help: 'When the certificate expires.',
        label: 'component',
        values: new Map([['webhook', this.#expiresAtSeconds]]),
      },
    ];
    return { text: await metricsText(metrics), type: METRICS_CONTENT_TYPE };
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

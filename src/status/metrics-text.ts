import { Counter, Gauge, Registry } from 'prom-client';
import type { Metric } from './metrics.ts';

/** What a server says its metrics are. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Metrics in the text format of Prometheus, 0.0.4:
 * https://github.com/prometheus/docs/blob/a3a0fda64783ec0dbef66edf5079a49c396b8647/content/docs/instrumenting/exposition_formats.md
 */
export async function metricsText(metrics: readonly Metric[]): Promise<string> {
  // One of its own for every text: nothing is left of a backup that is gone.
  const registry = new Registry();
  for (const { name, help, label, values, isCounter = false } of metrics) {
    const settings = { name, help, labelNames: [label], registers: [registry] };
    if (isCounter) {
      const counter = new Counter(settings);
      for (const [value, number] of values) counter.inc({ [label]: value }, number);
    } else {
      const gauge = new Gauge(settings);
      for (const [value, number] of values) gauge.set({ [label]: value }, number);
    }
  }
  return await registry.metrics();
}

/**
 * What Kubernetes puts behind a name that ends in `-`: five letters and digits, without vowels and what looks
 * alike (https://github.com/kubernetes/apimachinery/blob/v0.34.4/pkg/util/rand/rand.go#L83).
 */
const RANDOM = '[bcdfghjklmnpqrstvwxz2456789]{5}';

/** What matches a generated name, or the generated end of one: this text and what Kubernetes puts behind it. */
export function generatedName(begin: string): RegExp {
  return new RegExp(`^${begin}${RANDOM}$`, 'u');
}

/** Milliseconds that a `Retry-After` header asks for (RFC 9110 §10.2.3: seconds or a date); 0 when absent or unclear. */
export function retryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  // Date.parse alone would read almost anything as some date.
  const date = /^[A-Z][a-z]+, .* GMT\s*$/.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}

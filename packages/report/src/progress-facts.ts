import { formatBytes } from "./format-bytes.ts";
import { formatDuration } from "./format-duration.ts";

/** How far a step is, kept from what it reports. Times are milliseconds from any fixed moment. */
export class StepProgress {
  readonly #since: number;
  #bytes = 0;
  #total: number | undefined;
  /** What the rate counts from: what was there at first did not come now. */
  #first: { readonly bytes: number; readonly at: number } | undefined;

  constructor(since: number) {
    this.#since = since;
  }

  report(bytes: number, total: number | undefined, now: number): void {
    // Fewer than before: another stretch of work has begun.
    if (this.#first === undefined || bytes < this.#bytes) this.#first = { bytes, at: now };
    this.#bytes = bytes;
    this.#total = total;
  }

  get since(): number {
    return this.#since;
  }

  /** Bytes, of how many, how fast, and for how long. */
  facts(now: number): string[] {
    const [bytes, total, first] = [this.#bytes, this.#total, this.#first];
    const ms = first === undefined ? 0 : now - first.at;
    const came = bytes - (first?.bytes ?? 0);
    const of = total === undefined || total <= 0 ? "" : ` of ${formatBytes(total)}`;
    return [
      ...(bytes > 0 ? [`${formatBytes(bytes)}${of}`] : []),
      ...(came > 0 && ms >= 1000 ? [`${formatBytes((came / ms) * 1000)}/s`] : []),
      formatDuration(Math.max(0, now - this.#since)),
    ];
  }
}

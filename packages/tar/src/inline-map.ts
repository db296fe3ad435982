import type { Fault } from "./parse-options.ts";
import { pairUp, type Stretch } from "./sparse-map.ts";

const NEWLINE = 0x0a;

/** Collects the map of PAX sparse format 1.0: a count and then offsets and lengths, a number a line, in whole records. */
export class InlineMap {
  readonly #records: Buffer[] = [];
  #lines = 0;
  #wanted: number | undefined;
  /** Bytes collected. */
  size = 0;

  /** Adds the next record; gives the map when it is whole. */
  add(record: Buffer, fault: Fault): Stretch[] | undefined {
    this.#records.push(record);
    this.size += record.length;
    for (const byte of record) if (byte === NEWLINE) this.#lines += 1;
    if (this.#lines > 0 && this.#wanted === undefined) this.#wanted = 1 + 2 * this.#count(fault);
    if (this.#wanted === undefined || this.#lines < this.#wanted) return undefined;
    return pairUp(this.#text().split("\n").slice(1, this.#wanted), fault);
  }

  #text(): string {
    return Buffer.concat(this.#records).toString("latin1");
  }

  #count(fault: Fault): number {
    const [line = ""] = this.#text().split("\n", 1);
    if (!/^[0-9]{1,9}$/.test(line)) throw fault("its sparse map does not start with a number");
    return Number(line);
  }
}

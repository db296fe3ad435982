const MAX_LINES = 50;
const MAX_BYTES = 64 << 10;

/** Keeps the end of what a script prints, in bounded memory. */
export class OutputTail {
  #bytes: Buffer = Buffer.alloc(0);

  add(bytes: Uint8Array): void {
    const all = Buffer.concat([this.#bytes, bytes]);
    this.#bytes = all.length > MAX_BYTES ? all.subarray(all.length - MAX_BYTES) : all;
  }

  /** At most 50 lines, without a last empty one. */
  lines(): string[] {
    const lines = this.#bytes.toString("utf8").split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines.slice(-MAX_LINES);
  }
}

/** Takes bytes from a stream of pieces: some at a time, or a stretch as a stream. */
export class ByteReader {
  readonly #input: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#input = source[Symbol.asyncIterator]();
  }

  /** `count` bytes, or fewer at the end. */
  async take(count: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let left = count;
    while (left > 0) {
      const piece = await this.some(left);
      if (piece === undefined) break;
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** At least one byte and at most `count`; undefined at the end. The piece is a view of the input. */
  async some(count: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      if (this.#ended) return undefined;
      const piece = await this.#input.next();
      if (piece.done === true) this.#ended = true;
      else this.#rest = piece.value;
    }
    const piece = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** Closes the source unless it has ended. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#rest = new Uint8Array(0);
    await this.#input.return?.();
  }
}

/** Bytes that arrived and were not taken yet. Gives views where it can and copies only across pieces. */
export class ByteQueue {
  #pieces: Buffer[] = [];
  #first = 0;
  #offset = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.#length += bytes.length;
  }

  /** 1 to `limit` bytes, as many as lie together; none when the queue is empty or `limit` is 0. */
  takeSome(limit: number): Buffer {
    const piece = this.#pieces[this.#first];
    if (piece === undefined) return EMPTY;
    const end = Math.min(piece.length, this.#offset + limit);
    const taken = piece.subarray(this.#offset, end);
    this.#length -= taken.length;
    this.#offset = end;
    if (end === piece.length) this.#dropFirst();
    return taken;
  }

  /** Exactly `count` bytes; the caller has checked that they are here. */
  take(count: number): Buffer {
    const start = this.takeSome(count);
    if (start.length === count) return start;
    const whole = Buffer.allocUnsafe(count);
    let filled = start.copy(whole);
    while (filled < count) filled += this.takeSome(count - filled).copy(whole, filled);
    return whole;
  }

  /** The next byte, left where it is; 0 when there is none. */
  peekByte(): number {
    return this.#pieces[this.#first]?.[this.#offset] ?? 0;
  }

  #dropFirst(): void {
    this.#first += 1;
    this.#offset = 0;
    if (this.#first < 64 && this.#first < this.#pieces.length) return;
    this.#pieces = this.#pieces.slice(this.#first);
    this.#first = 0;
  }
}

const EMPTY = Buffer.alloc(0);

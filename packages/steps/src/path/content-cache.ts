/**
 * Contents of files that were hashed in this run and will be packed next, so that a cold build reads them once. Bounded:
 * what does not fit is read again. Small contents share slabs, because a buffer a file costs more than the file.
 */
export class ContentCache {
  readonly #limit: number;
  readonly #contents = new Map<string, Buffer>();
  #used = 0;
  #slab: Buffer = Buffer.alloc(0);
  #slabUsed = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Room for a content of `size` bytes, to be read into and then kept; undefined when there is none. */
  reserve(size: number): Buffer | undefined {
    if (this.#used + size > this.#limit) return undefined;
    if (this.#slabUsed + size > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB, size));
      this.#slabUsed = 0;
    }
    return this.#slab.subarray(this.#slabUsed, this.#slabUsed + size);
  }

  /** Keeps what was read into the room reserved last, under its sha256. */
  keep(sha256: string, content: Buffer): void {
    if (this.#contents.has(sha256)) return;
    this.#slabUsed += content.length;
    this.#used += content.length;
    this.#contents.set(sha256, content);
  }

  /** Half of the room that is left, in shared memory, for another thread to fill; what it kept is then adopted. */
  lendHalf(): Buffer {
    const size = Math.floor((this.#limit - this.#used) / 2);
    this.#used += size;
    return Buffer.from(new SharedArrayBuffer(size));
  }

  /** Keeps a content that lies in lent room. */
  adopt(sha256: string, content: Buffer): void {
    if (!this.#contents.has(sha256)) this.#contents.set(sha256, content);
  }

  /** The content with this sha256, if it was kept. */
  get(digest: string): Buffer | undefined {
    return this.#contents.get(digest);
  }

  /** Drops everything. */
  clear(): void {
    this.#contents.clear();
    this.#slab = Buffer.alloc(0);
    this.#slabUsed = 0;
    this.#used = 0;
  }
}

const SLAB = 4 << 20;

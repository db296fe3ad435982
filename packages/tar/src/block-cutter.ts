/** How to cut; the defaults are part of the format of cached blocks: other numbers give other blocks. */
export interface BlockCutterOptions {
  /** Receives each block in order and owns it from then on. */
  readonly onBlock: (block: Buffer) => void;
  /** No cut before an entry while the block is smaller. Default 256 KiB. */
  readonly minSize?: number | undefined;
  /** A block is never larger; bodies larger than this are cut at multiples of it. Default 1 MiB. */
  readonly maxSize?: number | undefined;
  /** Mean distance in bytes of the places where a cut may be. Default 256 KiB. */
  readonly spacing?: number | undefined;
}

const MIN_SIZE = 2 ** 18;
const MAX_SIZE = 2 ** 20;
const SPACING = 2 ** 18;
const HEADER_SIZE = 512;
const MAX_FREE = 8;

/**
 * Cuts a layer's tar into blocks while it is written. The places depend only on what is written (paths and sizes of
 * entries), never on the sizes of writes, and a change of one entry moves the cuts near it only: it starts a new block
 * before an entry whose path says so, and at the start of every body larger than `maxSize`.
 *
 * For each member: `entry(path, size)`, `write(header)`, for content `beginBody(size)` and `write`s (or `room` and
 * `advance`), then `write(padding)`; at the end `end()`. The concatenation of the blocks is that of the writes. No block
 * is empty. Blocks given back with `release` are used again.
 */
export class BlockCutter {
  readonly #onBlock: (block: Buffer) => void;
  readonly #min: number;
  readonly #max: number;
  readonly #spacing: number;
  readonly #free: ArrayBufferLike[] = [];
  #block: Buffer;
  #used = 0;

  constructor(options: BlockCutterOptions) {
    this.#onBlock = options.onBlock;
    this.#min = options.minSize ?? MIN_SIZE;
    this.#max = options.maxSize ?? MAX_SIZE;
    this.#spacing = options.spacing ?? SPACING;
    this.#block = Buffer.allocUnsafeSlow(this.#max);
  }

  /**
   * Says that a member starts here. `size` is the size of its content: larger members are likelier to start a block, so
   * that cuts are as frequent among small files as among large ones.
   */
  entry(path: string, size = 0): void {
    if (this.#used < this.#min) return;
    if (hashPath(path) % this.#spacing < HEADER_SIZE + size) this.#cut();
  }

  /** Says that content of `size` bytes starts here. If it needs more than one block it starts one. */
  beginBody(size: number): void {
    if (size > this.#max) this.#cut();
  }

  /** Appends a copy of `bytes`. */
  write(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const count = Math.min(bytes.length - at, this.#max - this.#used);
      this.#block.set(count === bytes.length ? bytes : bytes.subarray(at, at + count), this.#used);
      at += count;
      this.advance(count);
    }
  }

  /** The free part of the present block, never empty: read a file into it, then say with `advance` how much was read. */
  room(): Buffer {
    return this.#block.subarray(this.#used);
  }

  /** Appends the first `count` bytes of `room()`. */
  advance(count: number): void {
    this.#used += count;
    if (this.#used === this.#max) this.#cut();
  }

  /** Gives the last block. Nothing may be written after. */
  end(): void {
    this.#cut();
  }

  /** Gives a block back that nobody reads any more. */
  release(block: Buffer): void {
    const memory = block.buffer;
    const ours = memory.byteLength === this.#max && memory !== this.#block.buffer;
    if (ours && this.#free.length < MAX_FREE && !this.#free.includes(memory)) this.#free.push(memory);
  }

  #cut(): void {
    if (this.#used === 0) return;
    const block = this.#block.subarray(0, this.#used);
    const memory = this.#free.pop();
    this.#block = memory === undefined ? Buffer.allocUnsafeSlow(this.#max) : Buffer.from(memory);
    this.#used = 0;
    this.#onBlock(block);
  }
}

/** FNV-1a over UTF-16 code units with a final mix: the low bits of plain FNV follow the last characters too closely. */
function hashPath(path: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < path.length; index++) {
    hash = Math.imul(hash ^ path.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

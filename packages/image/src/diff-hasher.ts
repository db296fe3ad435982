import type { FileRead } from "./read-block.ts";
import type { WorkThreads } from "./thread/work-threads.ts";

/** Hashes the tar of a layer, block by block. Blocks are written into buffers that the hasher lends. */
export interface DiffHasher {
  /**
   * A buffer of at least `size` bytes to fill. May block for a moment until one is hashed. It is lent again after
   * {@link LENT_AT_ONCE} more, so whoever else reads it must be done by then; one larger than a slot is not lent again, and
   * nothing may be read from earlier ones any more.
   */
  lend(size: number): Buffer;
  /** Whether it can read files into the buffer lent last sooner than this thread could. */
  hasTime(): boolean;
  /**
   * Hashes the first `length` bytes of the buffer lent last, when it has read `reads` into it: none, unless it has time.
   * Gives a ticket for the next two.
   */
  update(length: number, reads: readonly FileRead[]): number;
  /** Whether all was read into the buffer that was updated with this ticket. */
  isFilled(ticket: number): boolean;
  /** Blocks until that is so. Throws what reading throws. */
  waitFilled(ticket: number): void;
  /** 64 hex digits of sha256 over all updates. Throws what reading throws. */
  digest(): string;
  /** Lets go of what it holds; safe after `digest`. */
  close(): void;
}

/** What a hasher is made for. */
export interface DiffHasherOptions {
  /** Blocks are rarely larger. */
  readonly slotSize: number;
  /** Tries again what the hasher failed to read, for the error or in luck. */
  readonly read: (file: FileRead) => void;
  /** Where a second thread comes from. */
  readonly threads: WorkThreads;
}

/** Buffers in all: enough for one being filled, some being compressed and one being hashed. */
export const SLOTS = 8;

/** A buffer may be read until this many others have been lent after it. */
export const LENT_AT_ONCE = SLOTS - 1;

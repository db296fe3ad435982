/**
 * What the second thread shares with this one.
 *
 * A batch of n files to hash, in this order:
 *
 *     i32 state, padding to BATCH_HEAD bytes
 *     f64[5n] size, mtimeMs, ctimeMs, inode, mode of each file
 *     32 bytes × n digests, u8[n] results
 */
export const BATCH_HEAD = 8;
export const BATCH_STATS = 5;

/** Whoever turns `free` into `taken` has the batch. */
export const BatchState = { free: 0, taken: 1, done: 2 } as const;

/** What came of a file: `failed` is to be tried again by whoever can say why. */
export const FileResult = { none: 0, hashed: 1, failed: 2 } as const;

/**
 * A layer being hashed: these words, the digest, then slots for blocks. The reader of the layer counts up `given` when a slot
 * is ready, the thread `filled` when it has read what was missing in it, and `hashed`; so slot n % slots is free again once
 * `hashed` > n. Each change by the thread counts up `event`, which the reader waits for. With `failed` the thread says that
 * it cannot read something, and waits until the reader has filled the slot and set it back.
 */
export const LayerWord = { given: 0, filled: 1, hashed: 2, failed: 3, over: 4, event: 5, slots: 6 } as const;

/** Words for each slot, from `LayerWord.slots` on: its bytes, and whether a message says what to read into it. */
export const SLOT_WORDS = 2;
export const DIGEST_SIZE = 32;

/** Bytes of words and digest before the slots. */
export function layerHead(slots: number): number {
  return (LayerWord.slots + slots * SLOT_WORDS) * 4 + DIGEST_SIZE;
}

/** What the thread is told. Within a layer, messages are lists of {@link ReadMessage}. */
export type ThreadMessage =
  | { readonly kind: "batch"; readonly paths: readonly string[]; readonly memory: SharedArrayBuffer }
  | { readonly kind: "layer"; readonly shared: SharedArrayBuffer; readonly slots: number; readonly slotSize: number }
  | readonly ReadMessage[];

/** A file to read into the slot given last, `at` bytes after its start. */
type ReadMessage = readonly [path: string, size: number, at: number, sha256: string];

import { digestFromSha256, parseDiffId } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { type Codec, crc32 } from "@imgbuild/tar";
import { type BlockRef, putBlockList } from "./block-list.ts";
import { type DiffHasher, LENT_AT_ONCE } from "./diff-hasher.ts";
import { fastCodec } from "./fast-codec.ts";
import type { LayerData } from "./layer-data.ts";
import type { LayerEntry } from "./layer-entry.ts";
import { makeDiffHasher } from "./make-diff-hasher.ts";
import { MAX_BLOCK, type PlannedBlock, planBlocks } from "./plan-blocks.ts";
import { BlockReader, type FileRead } from "./read-block.ts";
import { SegmentWriter } from "./segment-writer.ts";
import type { WorkThreads } from "./thread/work-threads.ts";

/** What packing needs beside the entries. */
export interface PackOptions {
  readonly store: Store;
  /**
   * The form that will be delivered: blocks are compressed to it while they are in memory, and kept. Without one nothing is
   * kept, since a delivery can read the sources again.
   */
  readonly codec: Codec | undefined;
  /** True where no source can be read again: blocks are kept in the store, in the form that `codec` or else {@link fastCodec} gives. */
  readonly keepBlocks?: boolean | undefined;
  readonly signal: AbortSignal;
  /** Told the bytes of tar done so far. */
  readonly progress: (bytes: number) => void;
  /** Where a second thread comes from; a large layer uses one. */
  readonly threads: WorkThreads;
}

/** What packing gave: the layer, and how much of it was compressed now. */
export interface PackedLayer {
  readonly layer: LayerData & { readonly kind: "blocks" };
  readonly blocks: number;
  readonly newBlocks: number;
}

/**
 * Packs entries (sorted by {@link byPathBytes}, parents first) to a layer: every file is read once, checked against the
 * digest its key was made of, and hashed. Blocks that the store has in the wanted form are not compressed again. Throws
 * `input-changed` for a torn file, and then keeps nothing.
 */
export async function packLayer(entries: readonly LayerEntry[], options: PackOptions): Promise<PackedLayer> {
  const size = entries.reduce((sum, { content }) => sum + HEADER + (content?.size ?? 0), 0);
  const plain = options.codec === undefined || options.codec.algorithm === "none";
  const codec = options.keepBlocks === true && plain ? fastCodec() : options.codec;
  const packing = new Packing({ ...options, codec }, size);
  try {
    for (const blocks of inGroups(planBlocks(entries), codec === undefined ? 1 : LOOKED_UP_AT_ONCE)) {
      packing.lookUp(blocks);
      for (const block of blocks) {
        options.signal.throwIfAborted();
        await packing.add(block);
      }
    }
    return await packing.commit();
  } finally {
    await packing.close();
  }
}

/** What a member takes beside its content. */
const HEADER = 512;

/** Blocks that the store is asked for in one question; the other thread waits while they are planned. */
const LOOKED_UP_AT_ONCE = 8;

function* inGroups<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let group: T[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** A block on its way to be compressed. */
interface Flight {
  readonly id: string;
  /** Number of the block in the layer. */
  readonly index: number;
  readonly bytes: Buffer;
  /** Of the hasher, which may still have to read some of the bytes. */
  readonly ticket: number;
  /** Absent until all bytes are there. */
  compressed?: Promise<Uint8Array> | undefined;
}

/** Compressions under way: enough to keep the thread pool fed while this thread reads. */
const DEPTH = 5;

/** A full block with a long header before it. */
const SLOT = MAX_BLOCK + (64 << 10);

/** How often the event loop is let in when nothing has to be waited for. */
const BREATH = 64;

class Packing {
  readonly #options: PackOptions;
  readonly #hasher: DiffHasher;
  readonly #refs: BlockRef[] = [];
  readonly #reader = new BlockReader();
  readonly #writer: SegmentWriter | undefined;
  readonly #queue: Flight[] = [];
  /** Ids of blocks that the store has, or that were or are being compressed in this run. */
  readonly #known = new Set<string>();
  #size = 0;

  constructor(options: PackOptions, size: number) {
    this.#options = options;
    this.#hasher = makeDiffHasher(size, {
      slotSize: SLOT,
      read: (file) => this.#reader.readFile(file),
      threads: options.threads,
    });
    this.#writer = options.codec === undefined ? undefined : new SegmentWriter(options.store, options.codec);
  }

  /** Finds out which of the next blocks the store has in the wanted form. */
  lookUp(blocks: readonly PlannedBlock[]): void {
    const { store, codec } = this.#options;
    if (codec === undefined) return;
    const ids = blocks.map(({ id }) => id);
    store.segments.findAll(ids, codec.id).forEach((segment, i) => {
      if (segment !== undefined) this.#known.add(ids[i] as string);
    });
  }

  async add(block: PlannedBlock): Promise<void> {
    await this.#makeRoom(block.size);
    const bytes = this.#hasher.lend(block.size).subarray(0, block.size);
    const later: FileRead[] = [];
    this.#reader.read(block, bytes, this.#hasher.hasTime() ? later : undefined);
    const ticket = this.#hasher.update(block.size, later);
    this.#refs.push({ id: block.id, size: block.size });
    this.#size += block.size;
    this.#options.progress(this.#size);
    if (this.#isWanted(block.id)) this.#queue.push({ id: block.id, index: this.#refs.length - 1, bytes, ticket });
    this.#startFilled();
    if (this.#refs.length % BREATH === 0) await new Promise(setImmediate);
  }

  /** Waits until the buffer that is lent next is read by nobody. */
  async #makeRoom(size: number): Promise<void> {
    const last = size > SLOT ? this.#refs.length : this.#refs.length - LENT_AT_ONCE;
    while (this.#queue.length >= DEPTH || (this.#queue[0]?.index ?? Number.POSITIVE_INFINITY) <= last)
      await this.#finishOne();
  }

  /** Whether a block must be compressed; asked once, since from then on it will be. */
  #isWanted(id: string): boolean {
    if (this.#options.codec === undefined || this.#known.has(id)) return false;
    this.#known.add(id);
    return true;
  }

  #startFilled(): void {
    for (const flight of this.#queue) if (this.#hasher.isFilled(flight.ticket)) this.#start(flight);
  }

  #start(flight: Flight): void {
    if (flight.compressed !== undefined) return;
    flight.compressed = this.#options.codec?.compress(flight.bytes);
    // Awaited later, in order; until then a failure must not count as unhandled.
    flight.compressed?.catch(() => undefined);
  }

  async #finishOne(): Promise<void> {
    const flight = this.#queue[0];
    if (flight === undefined) return;
    this.#hasher.waitFilled(flight.ticket);
    this.#startFilled();
    const compressed = await flight.compressed;
    this.#queue.shift();
    if (compressed === undefined) return;
    const { id, bytes } = flight;
    this.#writer?.add(id, { bytes: compressed, crc32: crc32(bytes), size: bytes.length });
  }

  async commit(): Promise<PackedLayer> {
    this.#reader.finish();
    while (this.#queue.length > 0) await this.#finishOne();
    // Before anything is kept: the other thread may still find a file changed.
    const diffId = parseDiffId(digestFromSha256(this.#hasher.digest()));
    const kept = this.#writer?.commit();
    const { store, codec, keepBlocks } = this.#options;
    // With every block new, and none twice, what was kept is the compressed layer itself.
    const isWhole = this.#writer?.count === this.#refs.length;
    if (kept !== undefined && codec !== undefined && isWhole) store.layerForms.record(diffId, codec.id, kept);
    const packed = codec === undefined || keepBlocks !== true ? "" : `${codec.algorithm}:${codec.level}`;
    const blocks = putBlockList(store.blobs, { packed, blocks: this.#refs });
    const layer = { kind: "blocks", diffId, size: this.#size, blocks } as const;
    return { layer, blocks: this.#refs.length, newBlocks: this.#writer?.count ?? 0 };
  }

  /** Waits for what still runs, and drops what was not committed. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#queue.map((flight) => flight.compressed));
    this.#reader.close();
    this.#hasher.close();
    this.#writer?.abort();
  }
}

import { ImgbuildError } from "@imgbuild/errors";
import type { BlockSource, OpenBlocks } from "./layer-data.ts";
import type { LayerEntry } from "./layer-entry.ts";
import { type PlannedBlock, planBlocks } from "./plan-blocks.ts";
import { BlockReader } from "./read-block.ts";

/** The blocks of a layer that is packed from `entries`, which are asked for when the first block is read. */
export function entryBlocks(entries: () => readonly LayerEntry[]): BlockSource {
  return { open: () => new EntryBlocks(entries()) };
}

class EntryBlocks implements OpenBlocks {
  readonly #blocks: Generator<PlannedBlock>;
  readonly #reader = new BlockReader();
  #next = 0;

  constructor(entries: readonly LayerEntry[]) {
    this.#blocks = planBlocks(entries);
  }

  read(index: number): Buffer {
    for (;;) {
      const { value, done } = this.#blocks.next();
      if (done === true)
        throw new ImgbuildError("internal", `Internal error: block ${index} was asked for out of order`);
      if (this.#next++ < index) continue;
      const bytes = Buffer.allocUnsafeSlow(value.size);
      this.#reader.read(value, bytes);
      return bytes;
    }
  }

  finish(): void {
    this.#reader.finish();
  }

  close(): void {
    this.#reader.close();
  }
}

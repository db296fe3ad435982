import type { LayerEntry } from "./layer-entry.ts";
import { planBlocks } from "./plan-blocks.ts";
import { BlockReader } from "./read-block.ts";

/** The tar of entries, in pieces: what packing them would store. Throws `input-changed` for a torn file. */
export function* entryTar(entries: readonly LayerEntry[]): Generator<Buffer> {
  const reader = new BlockReader();
  try {
    for (const block of planBlocks(entries)) {
      const bytes = Buffer.allocUnsafeSlow(block.size);
      reader.read(block, bytes);
      yield bytes;
    }
    reader.finish();
  } finally {
    reader.close();
  }
}

import type { LayerCompression } from "@imgbuild/oci";
import { type Codec, codecFor } from "@imgbuild/tar";
import type { BlockList } from "./block-list.ts";

/** The codec that the blocks of a list are stored with; undefined when they were not stored at all. */
export function packedCodec(list: BlockList): Codec | undefined {
  if (list.packed === "") return undefined;
  const [algorithm, level] = list.packed.split(":");
  return codecFor({ algorithm: algorithm as LayerCompression, level: Number(level) });
}

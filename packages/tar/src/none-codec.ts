import type { Codec } from "./codec.ts";
import { checkedSize } from "./expand-error.ts";

const NOTHING = new Uint8Array(0);

/** No compression: segments are the blocks themselves (not copies), head and tail are empty. */
export const noneCodec: Codec = {
  algorithm: "none",
  level: 0,
  id: "none",
  compress: async (block) => block,
  expand: async (segment, size) =>
    checkedSize(Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength), size, "none"),
  head: () => NOTHING,
  tail: () => NOTHING,
};

import type { Codec } from "./codec.ts";
import { checkedSize, checkLevel, expandError } from "./expand-error.ts";
import { ZstdFrameCutter } from "./zstd-frames.ts";
import { zstdProvider } from "./zstd-provider.ts";

const NOTHING = new Uint8Array(0);
/** What decoders take for an empty stream: a frame of one empty raw block, with its content size (0) said. */
const EMPTY_FRAME = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00);

/**
 * A zstd frame per block. Level 1 to 19, else throws `usage`; throws `unsupported` where there is no zstd. The bytes
 * depend on the implementation and its version, which `id` names.
 */
export function zstdCodec(level: number): Codec {
  checkLevel("zstd", level, 19);
  const provider = zstdProvider();
  return {
    algorithm: "zstd",
    level,
    id: `zstd-${level}/${provider.id}`,
    compress: (block) => provider.compress(block, level),
    expand: async (segment, size) => {
      checkBound(segment, size);
      const block = await provider.decompress(segment, size).catch((error: unknown) => {
        throw expandError("zstd", "it is damaged", error);
      });
      return checkedSize(block, size, "zstd");
    },
    head: () => NOTHING,
    // A stream without a frame is not zstd.
    tail: ({ size }) => (size === 0 ? EMPTY_FRAME.slice() : NOTHING),
  };
}

/** Refuses a segment that would expand to far more than its block, before a provider without a limit sees it. */
function checkBound(segment: Uint8Array, size: number): void {
  const cutter = new ZstdFrameCutter();
  cutter.push(segment);
  let bound = 0;
  try {
    for (let part = cutter.next(); part !== undefined; part = cutter.next()) bound += part.bound;
    cutter.finish();
  } catch (error) {
    throw expandError("zstd", "it is damaged", error);
  }
  // A block of a frame may hold few bytes, though the bound must take it for 128 KiB.
  if (bound > 256 * size + 2 ** 20) throw expandError("zstd", `it may have ${bound} bytes, wanted ${size}`);
}

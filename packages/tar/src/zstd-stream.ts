import { ImgbuildError } from "@imgbuild/errors";
import { decompressError, through } from "./through.ts";
import { ZstdFrameCutter, type ZstdPart, zstdError } from "./zstd-frames.ts";
import { type ZstdProvider, zstdProvider } from "./zstd-provider.ts";

type Bytes = AsyncGenerator<Uint8Array, void, undefined>;
/** Frames up to this size are decompressed in one call, which is faster than a stream. */
const ONE_CALL = 2 ** 23;

/** Decompresses zstd frames one after the other; see `decompressStream` for `maxFrame` and errors. */
export async function* zstdStream(source: AsyncIterable<Uint8Array>, maxFrame: number): Bytes {
  const provider = zstdProvider();
  const parts = partsOf(source);
  try {
    for (let part = await parts.next(); part.done !== true; part = await parts.next()) {
      yield* frame(part.value, parts, { provider, maxFrame });
    }
  } finally {
    await parts.return();
  }
}

async function* partsOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<ZstdPart, void, undefined> {
  const cutter = new ZstdFrameCutter();
  for await (const bytes of source) {
    cutter.push(bytes);
    for (let part = cutter.next(); part !== undefined; part = cutter.next()) yield part;
  }
  cutter.finish();
}

/** Decompresses the frame that starts with `first`. */
async function* frame(
  first: ZstdPart,
  parts: AsyncGenerator<ZstdPart, void, undefined>,
  options: { readonly provider: ZstdProvider; readonly maxFrame: number },
): Bytes {
  const { provider, maxFrame } = options;
  const limit = provider.createDecompress === undefined ? maxFrame : ONE_CALL;
  const held = [first.bytes];
  let { last, bound } = first;
  let size = first.bytes.length;
  while (!last && bound <= limit && size <= limit) {
    const part = await parts.next();
    // Without a last part the source ended, and `partsOf` has thrown.
    if (part.done === true) return;
    held.push(part.value.bytes);
    bound += part.value.bound;
    size += part.value.bytes.length;
    last = part.value.last;
  }
  if (last && bound <= limit) {
    yield await provider.decompress(Buffer.concat(held), bound).catch((error: unknown) => {
      throw decompressError("zstd", error);
    });
    return;
  }
  if (provider.createDecompress === undefined) {
    throw new ImgbuildError("unsupported", `Cannot decompress zstd data: a frame is larger than ${maxFrame} bytes`, {
      hint: "Use Node 22.15 or later, which decompresses frames of any size",
    });
  }
  const rest = async function* (): Bytes {
    yield* held;
    while (!last) {
      const part = await parts.next();
      if (part.done === true) return;
      last = part.value.last;
      yield part.value.bytes;
    }
  };
  yield* through(rest(), provider.createDecompress(), "zstd");
  if (!last) throw zstdError("a frame ends before its last block");
}

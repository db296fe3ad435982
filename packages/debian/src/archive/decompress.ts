import { ImgbuildError } from "@imgbuild/errors";
import { decompressStream, loadZstd } from "@imgbuild/tar";
import { decompressXz } from "./xz.ts";

/** Bounds on {@link decompress}. */
export interface DecompressLimits {
  /** Bytes that may come out; more throws `invalid-archive`. Default 64 GiB. */
  readonly maxSize?: number | undefined;
}

const MAX_SIZE = 2 ** 36;
const XZ_MAGIC = "fd377a585a00";
const BZIP2_MAGIC = "425a68";

/**
 * Decompresses xz, gzip or zstd, told apart by the first bytes; anything else passes as it is. Throws `unsupported` for
 * bzip2, and what `decompressXz` and `decompressStream` throw.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  { maxSize = MAX_SIZE }: DecompressLimits = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { magic, stream } = await peek(source, 6);
  if (magic.startsWith(BZIP2_MAGIC)) {
    await stream.return();
    throw new ImgbuildError("unsupported", "Cannot decompress bzip2 data: wanted xz, gzip or zstd");
  }
  if (!magic.startsWith(XZ_MAGIC)) {
    if (magic.startsWith("28b52ffd")) await loadZstd();
    yield* decompressStream(stream, { maxSize });
    return;
  }
  let size = 0;
  for await (const bytes of decompressXz(stream)) {
    size += bytes.length;
    if (size > maxSize) {
      throw new ImgbuildError("invalid-archive", `Cannot decompress: the data is larger than ${maxSize} bytes`);
    }
    yield bytes;
  }
}

const MAX_BYTES = 2 ** 30;

/** {@link decompress} of bytes in memory, all at once; `maxSize` is 1 GiB here unless given. */
export async function decompressBytes(bytes: Uint8Array, limits: DecompressLimits = {}): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of decompress(one(bytes), { maxSize: limits.maxSize ?? MAX_BYTES })) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

/** The first bytes in hex, and the whole again, which closes the source when it is left, even before its start. */
async function peek(
  source: AsyncIterable<Uint8Array>,
  count: number,
): Promise<{
  magic: string;
  stream: AsyncIterableIterator<Uint8Array> & { return(): Promise<IteratorResult<Uint8Array>> };
}> {
  const input = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let size = 0;
  while (size < count) {
    const piece = await input.next();
    if (piece.done === true) break;
    first.push(piece.value);
    size += piece.value.length;
  }
  const magic = Buffer.concat(first).subarray(0, count).toString("hex");
  const stream = {
    [Symbol.asyncIterator]: () => stream,
    next: async (): Promise<IteratorResult<Uint8Array>> => {
      const piece = first.shift();
      return piece === undefined ? input.next() : { done: false, value: piece };
    },
    return: async (): Promise<IteratorResult<Uint8Array>> => {
      first.length = 0;
      await input.return?.();
      return { done: true, value: undefined };
    },
  };
  return { magic, stream };
}

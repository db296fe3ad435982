import { ImgbuildError } from "@imgbuild/errors";

type XzModule = typeof import("xz-decompress");

/** The package is CommonJS: its exports lie under `default` when Node imports it, beside it when a bundler does. */
async function loadXz(): Promise<XzModule["XzReadableStream"]> {
  const module: XzModule & { readonly default?: XzModule } = await import("xz-decompress");
  return (module.default ?? module).XzReadableStream;
}

/** The decoder has one instance for all: streams take turns, and one that waits for its turn can be left. */
let turn: Promise<void> = Promise.resolve();

/**
 * Decompresses xz (any number of streams and blocks; CRC32, CRC64 or no check). Throws `invalid-archive` for damaged or
 * cut off input, `unsupported` for filters, checks and dictionaries that the decoder has not, and what the source throws.
 * Only one stream is decompressed at a time in a process: the next starts when this was read to its end or left, so do
 * not read two in step. The source is closed when reading stops.
 */
export async function* decompressXz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const before = turn;
  let done = (): void => {};
  turn = new Promise((resolve) => {
    done = resolve;
  });
  const input = source[Symbol.asyncIterator]();
  let sourceFailed = false;
  let ended = false;
  try {
    await before;
    const XzReadableStream = await loadXz();
    const compressed = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const piece = await input.next();
            ended = piece.done === true;
            if (piece.done === true) controller.close();
            else if (piece.value.length > 0) controller.enqueue(piece.value);
          } catch (error) {
            sourceFailed = true;
            throw error;
          }
        },
      },
      { highWaterMark: 0 },
    );
    for await (const bytes of new XzReadableStream(compressed)) if (bytes.length > 0) yield bytes;
  } catch (error) {
    throw sourceFailed ? error : xzError(error);
  } finally {
    done();
    if (!ended) await input.return?.();
  }
}

/** Return codes of xz-embedded (xz.h), which the package puts in its messages. */
const REASONS: Readonly<Record<string, string>> = {
  "3": "there is not enough memory for its dictionary",
  "4": "its dictionary is too large",
  "5": "it is no xz data",
  "6": "it uses a filter or check that is not supported",
  "7": "it is damaged",
  "8": "it ends too early, or has something else after its end",
};

function xzError(error: unknown): unknown {
  if (error instanceof ImgbuildError) return error;
  const code = /error code ([0-9]+)/.exec(error instanceof Error ? error.message : "")?.[1] ?? "8";
  const unsupported = code === "3" || code === "4" || code === "6";
  const reason = REASONS[code] ?? "it is damaged";
  return new ImgbuildError(unsupported ? "unsupported" : "invalid-archive", `Cannot decompress xz data: ${reason}`, {
    cause: error,
  });
}

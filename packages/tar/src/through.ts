import { pipeline, Readable, type Transform } from "node:stream";
import { fromUnknown, ImgbuildError, systemCode } from "@imgbuild/errors";

/** Sends `source` through a decompressor. Errors of the source are thrown as they are, others as `invalid-archive`. */
export async function* through(
  source: AsyncIterable<Uint8Array>,
  transform: Transform,
  algorithm: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sourceError: { readonly error: unknown } | undefined;
  const watched = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* source;
    } catch (error) {
      sourceError = { error };
      throw error;
    }
  };
  // The error arrives at the transform, which is read below.
  pipeline(Readable.from(watched(), { objectMode: true, highWaterMark: 1 }), transform, () => {});
  try {
    for await (const bytes of transform) yield bytes as Buffer;
  } catch (error) {
    if (sourceError !== undefined) throw sourceError.error;
    throw decompressError(algorithm, error);
  } finally {
    transform.destroy();
  }
}

/** The error for what a decompressor threw. */
export function decompressError(algorithm: string, error: unknown): ImgbuildError {
  if (error instanceof ImgbuildError) return error;
  const code = systemCode(error);
  if (code !== undefined && !code.startsWith("ERR")) return fromUnknown(error, `Cannot decompress ${algorithm} data`);
  const reason = error instanceof Error ? error.message : "it is damaged";
  return new ImgbuildError("invalid-archive", `Cannot decompress ${algorithm} data: ${reason}`, { cause: error });
}

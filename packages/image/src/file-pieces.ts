import { closeSync, constants, openSync, readSync } from "node:fs";

const PIECE = 1 << 18;

/** The bytes of a file in fresh buffers, read as they are asked for. A symbolic link is refused with `ELOOP` unless `follow`. */
export function* readPieces(path: string, options: { readonly follow?: boolean } = {}): Generator<Buffer> {
  const file = openSync(path, constants.O_RDONLY | (options.follow === true ? 0 : constants.O_NOFOLLOW));
  try {
    for (;;) {
      const piece = Buffer.allocUnsafeSlow(PIECE);
      const length = readSync(file, piece, 0, PIECE, null);
      if (length === 0) return;
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

/** The same for consumers that wait. */
export async function* streamFile(path: string, options: { readonly follow?: boolean } = {}): AsyncGenerator<Buffer> {
  yield* readPieces(path, options);
}

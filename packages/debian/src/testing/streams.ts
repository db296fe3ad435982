/** A stream of `bytes` in pieces of `size`; `onReturn` is told when it is left early. */
export async function* inPieces(
  bytes: Uint8Array,
  size = 65_536,
  onReturn?: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let done = false;
  try {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    done = true;
  } finally {
    if (!done) onReturn?.();
  }
}

/** All bytes of a stream. */
export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(Uint8Array.from(piece));
  return Buffer.concat(pieces);
}

import { createHash } from "node:crypto";
import { readPieces } from "./file-pieces.ts";
import type { LayerContent } from "./layer-entry.ts";
import { torn } from "./read-block.ts";

const PIECE = 1 << 20;

/** The bytes of a file in order; undefined is an empty one. Throws `input-changed` at the end when they are not those of its digest. */
export function* contentPieces(content: LayerContent | undefined): Generator<Uint8Array> {
  if (content === undefined) return;
  if (content.kind === "bytes") yield content.bytes;
  else if (content.kind === "stored") {
    // The store checks its blobs.
    for (let at = 0; at < content.size; at += PIECE) yield content.slice(at, Math.min(PIECE, content.size - at));
  } else {
    const hash = createHash("sha256");
    for (const piece of readPieces(content.path)) {
      hash.update(piece);
      yield piece;
    }
    if (hash.digest("hex") !== content.sha256) throw torn(content.path);
  }
}

import { ImgbuildError } from "@imgbuild/errors";
import type { LayerIndex } from "./layer-index.ts";
import { type Extent, packEntries, StoredEntries } from "./stored-entries.ts";

/** The first line of a stored index. The rows of its entries follow, directory by directory. */
interface Head {
  readonly v: 4;
  readonly extents: readonly Extent[];
  readonly hardlinks: readonly (readonly [string, string])[];
  readonly implied: readonly string[];
  readonly whiteouts: readonly string[];
  readonly opaque: readonly string[];
  readonly repeated: readonly (readonly [string, number])[];
}

/** An index as bytes to be stored. */
export function encodeIndex({ entries, hardlinks, implied, whiteouts, opaque, repeated }: LayerIndex): Buffer {
  const { extents, bytes } = packEntries(entries);
  const head: Head = {
    v: 4,
    extents,
    hardlinks: [...hardlinks],
    implied: [...implied],
    whiteouts: [...whiteouts],
    opaque: [...opaque],
    repeated: [...repeated],
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), bytes]);
}

/** Inverse of {@link encodeIndex}; the entries are read when they are asked for. Throws `integrity` for anything else. */
export function decodeIndex(bytes: Buffer): LayerIndex {
  let head: Head;
  const end = bytes.indexOf("\n");
  try {
    head = JSON.parse(bytes.toString("utf8", 0, end)) as Head;
    if (head.v !== 4) throw new TypeError("another version");
  } catch (cause) {
    throw new ImgbuildError("integrity", "Cannot read the list of a layer's members: it has another format", {
      hint: "Run the build again; if it stays, remove the cache directory",
      cause,
    });
  }
  return {
    entries: new StoredEntries(head.extents, bytes.subarray(end + 1)),
    hardlinks: new Map(head.hardlinks),
    implied: new Set(head.implied),
    whiteouts: new Set(head.whiteouts),
    opaque: new Set(head.opaque),
    repeated: new Map(head.repeated),
  };
}

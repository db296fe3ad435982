import { ImgbuildError } from "@imgbuild/errors";
import { finishIndex } from "./index-builder.ts";
import type { IndexEntry, LayerIndex } from "./layer-index.ts";

/** One entry as a list: shorter than an object, and JSON is read many times faster than anything of our own. */
type Row = readonly [
  path: string,
  type: IndexEntry["type"],
  mode: number,
  uid: number,
  gid: number,
  mtime: number,
  size: number,
  sha256: string,
  link: string,
  device: readonly [number, number] | 0,
  xattrs: Readonly<Record<string, string>> | 0,
];

interface Document {
  readonly v: 3;
  readonly entries: readonly Row[];
  readonly hardlinks: readonly (readonly [string, string])[];
  readonly whiteouts: readonly string[];
  readonly opaque: readonly string[];
  readonly repeated: readonly (readonly [string, number])[];
}

/** An index as bytes to be stored. */
export function encodeIndex({ entries, hardlinks, whiteouts, opaque, repeated }: LayerIndex): Buffer {
  const rows = [...entries].map(([path, entry]): Row => {
    const { type, mode, uid, gid, mtime, size, sha256, link, devMajor, devMinor, xattrs } = entry;
    const device = devMajor === 0 && devMinor === 0 ? 0 : ([devMajor, devMinor] as const);
    return [path, type, mode, uid, gid, mtime, size, sha256, link, device, xattrs ?? 0];
  });
  const document: Document = {
    v: 3,
    entries: rows,
    hardlinks: [...hardlinks],
    whiteouts: [...whiteouts],
    opaque: [...opaque],
    repeated: [...repeated],
  };
  return Buffer.from(JSON.stringify(document));
}

/** Inverse of {@link encodeIndex}. Throws `integrity` for anything else. */
export function decodeIndex(bytes: Buffer): LayerIndex {
  let document: Document;
  try {
    document = JSON.parse(bytes.toString("utf8")) as Document;
    if (document.v !== 3) throw new TypeError("another version");
  } catch (cause) {
    throw new ImgbuildError("integrity", "Cannot read the list of a layer's members: it has another format", {
      hint: "Run the build again; if it stays, remove the cache directory",
      cause,
    });
  }
  const entries = new Map(document.entries.map((row) => [row[0], entryOfRow(row)]));
  return finishIndex({
    entries,
    hardlinks: new Map(document.hardlinks),
    whiteouts: new Set(document.whiteouts),
    opaque: new Set(document.opaque),
    repeated: new Map(document.repeated),
  });
}

function entryOfRow(row: Row): IndexEntry {
  const [, type, mode, uid, gid, mtime, size, sha256, link, device, xattrs] = row;
  const [devMajor, devMinor] = device === 0 ? [0, 0] : device;
  const entry = { type, mode, uid, gid, mtime, size, sha256, link, devMajor, devMinor };
  return xattrs === 0 ? entry : { ...entry, xattrs };
}

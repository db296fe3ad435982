import { createHash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";
import { type Digest, parseDigest } from "@imgbuild/oci";
import type { BlobWriter, Store } from "@imgbuild/store";
import type { LayerContent } from "./layer-entry.ts";

/** One path of a tree that is kept in the store: an unpacked package, what a command made. */
export interface StoredEntry {
  /** Without a leading `/`; parents come first. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink";
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Target of a symlink, verbatim; empty otherwise. */
  readonly target: string;
  /** Of a file that is not empty. */
  readonly content: LayerContent | undefined;
}

/** Where a stored tree is. Its identity is `listing`. */
export interface StoredTree {
  readonly listing: Digest;
  /** Blobs without which it is gone, `listing` among them. */
  readonly blobs: readonly Digest[];
}

/** A line of the listing: a JSON array, fields in this order. Empty files and what is no file have no offset. */
type Row = readonly [
  path: string,
  type: "f" | "d" | "l",
  mode: number,
  uid: number,
  gid: number,
  rest: string,
  size: number,
  offset: number,
];

const MAGIC = "imgbuild-tree 1";
const TYPES = { f: "file", d: "directory", l: "symlink" } as const;

/**
 * Writes a tree into the store (of two entries with one path the later counts): contents one after another in one blob, and a listing (a line of magic and the digest of
 * the contents, then a JSON array a path). Add what you have, then `commit`, or `abort`.
 */
export class StoredTreeWriter {
  readonly #store: Store;
  readonly #contents: BlobWriter;
  readonly #rows = new Map<string, Row>();

  constructor(store: Store) {
    this.#store = store;
    this.#contents = store.blobs.writer();
  }

  /** Adds a directory or link. */
  add(entry: Omit<StoredEntry, "content">): void {
    const type = entry.type === "directory" ? "d" : "l";
    this.#rows.set(entry.path, [entry.path, type, entry.mode, entry.uid, entry.gid, entry.target, 0, 0]);
  }

  /** Adds a file; its bytes may be given in pieces. */
  async addFile(
    entry: Pick<StoredEntry, "path" | "mode" | "uid" | "gid">,
    bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    const offset = this.#contents.size;
    const hash = createHash("sha256");
    for await (const piece of bytes) {
      hash.update(piece);
      this.#contents.write(piece);
    }
    const size = this.#contents.size - offset;
    const { path, mode, uid, gid } = entry;
    this.#rows.set(path, [path, "f", mode, uid, gid, hash.digest("hex"), size, offset]);
  }

  /** Adds a file with the bytes of one that was added before, at `of`: a hard link of an archive. Throws `internal` for none. */
  addCopy(entry: Pick<StoredEntry, "path" | "mode" | "uid" | "gid">, of: string): void {
    const row = this.#rows.get(of);
    if (row?.[1] !== "f") throw new ImgbuildError("internal", `Internal error: no file "${of}" to copy`);
    const { path, mode, uid, gid } = entry;
    this.#rows.set(path, [path, "f", mode, uid, gid, row[5], row[6], row[7]]);
  }

  /** Changes the mode of what was added at `path`. */
  setMode(path: string, mode: number): void {
    const row = this.#rows.get(path);
    if (row !== undefined) this.#rows.set(path, row.with(2, mode) as unknown as Row);
  }

  /** Makes the tree durable. */
  commit(): StoredTree {
    const contents = this.#contents.commit().digest;
    const lines = [`${MAGIC} ${contents}`, ...[...this.#rows.values()].map((row) => JSON.stringify(row))];
    const listing = this.#store.blobs.put(Buffer.from(`${lines.join("\n")}\n`));
    return { listing, blobs: [listing, contents] };
  }

  abort(): void {
    this.#contents.abort();
  }
}

/** The part of a tree that `keep` wants, by path; contents stay where they are. Durable as `commit` makes it. */
export function filterStoredTree(store: Store, tree: StoredTree, keep: (path: string) => boolean): StoredTree {
  const [head = "", ...lines] = store.blobs.read(tree.listing).toString("utf8").split("\n");
  const kept = lines.filter((line) => line === "" || keep((JSON.parse(line) as Row)[0]));
  if (kept.length === lines.length) return tree;
  const listing = store.blobs.put(Buffer.from([head, ...kept].join("\n")));
  return { listing, blobs: [listing, ...tree.blobs.filter((blob) => blob !== tree.listing)] };
}

/** A tree that is one file without a path, whose content is in the store. */
export function putStoredFile(
  store: Store,
  file: { readonly digest: Digest; readonly size: number; readonly mode: number },
): StoredTree {
  const { digest, size, mode } = file;
  const row: Row = ["", "f", mode, 0, 0, digest.slice("sha256:".length), size, 0];
  const listing = store.blobs.put(Buffer.from(`${MAGIC} ${digest}\n${JSON.stringify(row)}\n`));
  return { listing, blobs: [listing, digest] };
}

/** Reads a listing back, in the order in which it was written. Throws what `BlobStore.read` throws, and `integrity`. */
export function readStoredTree(store: Store, listing: Digest): StoredEntry[] {
  const [head = "", ...lines] = store.blobs.read(listing).toString("utf8").split("\n");
  if (!head.startsWith(`${MAGIC} `)) {
    throw new ImgbuildError("integrity", `Cannot read the tree ${listing}: it has another format`, {
      hint: "Run the build again with --force",
    });
  }
  const contents = parseDigest(head.slice(MAGIC.length + 1));
  return lines.filter((line) => line !== "").map((line) => entryOf(store, contents, JSON.parse(line) as Row));
}

function entryOf(store: Store, contents: Digest, row: Row): StoredEntry {
  const [path, type, mode, uid, gid, rest, size, offset] = row;
  const content: LayerContent | undefined =
    type === "f" && size > 0
      ? { kind: "stored", size, sha256: rest, slice: (at, length) => store.blobs.slice(contents, offset + at, length) }
      : undefined;
  return { path, type: TYPES[type], mode, uid, gid, target: type === "l" ? rest : "", content };
}

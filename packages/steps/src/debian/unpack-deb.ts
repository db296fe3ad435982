import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { checkedStream, type Deb, readDeb } from "@imgbuild/debian";
import { ImgbuildError } from "@imgbuild/errors";
import { type StoredTree, StoredTreeWriter } from "@imgbuild/image";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { TarMember } from "@imgbuild/tar";
import { type DebPackage, debTitle } from "./deb-package.ts";
import { writeDebRecord } from "./deb-record.ts";
import { PlacedMembers } from "./place-members.ts";

/** An unpacked package. */
export interface UnpackedDeb extends StoredTree {
  /** Blob of its `DebRecord`; one of `blobs`. */
  readonly record: Digest;
}

/** How to unpack. */
export interface UnpackDebOptions {
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Told the bytes unpacked so far. */
  readonly progress: (bytes: number) => void;
}

/** Bytes between two words of progress. */
const TELL_EVERY = 1 << 20;

/** Unpacked, no package is larger; one that is was made to fill disks. */
const MAX_UNPACKED = 16 * 2 ** 30;

/**
 * Unpacks a `.deb` into the store as dpkg does, but on a merged `/usr` and without running its scripts. Owners are those of the
 * archive, by number. Throws `integrity` for bytes that are not those of the lock, what `readDeb` throws, and
 * `invalid-archive` for a package that calls itself otherwise; then nothing of it is kept.
 */
export async function unpackDeb(path: string, unit: DebPackage, options: UnpackDebOptions): Promise<UnpackedDeb> {
  const { store } = options;
  const bytes = createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>;
  const expected = { what: unit.path, size: unit.size, sha256: unit.sha256 };
  const deb = await readDeb(checkedStream(bytes, expected), { what: debTitle(unit), maxSize: MAX_UNPACKED });
  const writer = new StoredTreeWriter(store);
  try {
    checkControl(deb, unit);
    const { paths, conffileMd5 } = await writeMembers(deb, writer, { ...options, unit });
    const files = [...deb.control.files].map(([name, content]) => [name, content.toString("base64")]);
    const record = { control: Object.fromEntries(files) as Record<string, string>, paths, conffileMd5 };
    const tree = writer.commit();
    const digest = writeDebRecord(store, record);
    return { ...tree, blobs: [...tree.blobs, digest], record: digest };
  } catch (error) {
    writer.abort();
    await deb.close();
    throw error;
  }
}

/** A mirror may not give one package for another, even when the lock was made of its word. */
function checkControl({ control }: Deb, unit: DebPackage): void {
  for (const field of ["name", "version", "architecture"] as const) {
    if (control[field] === unit[field]) continue;
    throw new ImgbuildError(
      "invalid-archive",
      `Cannot use the package "${debTitle(unit)}": the ${field} of its file is "${control[field]}", wanted "${unit[field]}"`,
      { hint: "Write the lock anew with `imgbuild lock --update`, from a mirror that can be trusted" },
    );
  }
}

interface Written {
  readonly paths: readonly string[];
  readonly conffileMd5: Readonly<Record<string, string>>;
}

async function writeMembers(
  deb: Deb,
  writer: StoredTreeWriter,
  { unit, signal, progress }: UnpackDebOptions & { readonly unit: DebPackage },
): Promise<Written> {
  const placed = new PlacedMembers(debTitle(unit));
  const places = new Map<string, string>();
  const conffiles = new Set(deb.control.conffiles);
  const conffileMd5: Record<string, string> = {};
  let [bytes, told] = [0, 0];
  for await (const member of deb.data) {
    signal.throwIfAborted();
    const { header } = member;
    const path = placed.place(header);
    places.set(header.path, path ?? "");
    if (path === undefined) continue;
    const md5 = conffiles.has(`/${header.path}`) ? createHash("md5") : undefined;
    await writeMember(writer, { ...member, path, of: places.get(header.linkname) ?? "", md5 });
    if (md5 !== undefined) conffileMd5[`/${header.path}`] = md5.digest("hex");
    bytes += header.size;
    if (bytes - told < TELL_EVERY) continue;
    told = bytes;
    progress(bytes);
  }
  progress(bytes);
  return { paths: [...places.keys()], conffileMd5 };
}

interface PlacedMember extends TarMember {
  readonly path: string;
  /** Of a hard link: where the file is that it is one of. */
  readonly of: string;
  readonly md5: ReturnType<typeof createHash> | undefined;
}

async function writeMember(writer: StoredTreeWriter, { header, content, path, of, md5 }: PlacedMember): Promise<void> {
  const { type, linkname, uid, gid } = header;
  const mode = header.mode & 0o7777;
  if (type === "hardlink") writer.addCopy({ path, mode, uid, gid }, of);
  else if (type === "directory") writer.add({ path, type, mode, uid, gid, target: "" });
  else if (type === "symlink") writer.add({ path, type, mode: 0o777, uid, gid, target: linkname });
  else await writer.addFile({ path, mode, uid, gid }, md5 === undefined ? content : hashed(content, md5));
}

async function* hashed(content: AsyncIterable<Uint8Array>, md5: ReturnType<typeof createHash>) {
  for await (const piece of content) {
    md5.update(piece);
    yield piece;
  }
}

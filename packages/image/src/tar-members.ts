import { decompressStream, readTar, type TarHeader } from "@imgbuild/tar";
import { invalidArchive, MAX_DOCUMENT, type Members } from "./members.ts";
import { looksLike, SNIFF_SIZE, sniff, withHead } from "./sniff.ts";

interface Found {
  readonly header: TarHeader;
  /** Its place among the members: of two with one path, the later counts. */
  readonly place: number;
  /** Set for what may be a JSON document. */
  readonly document: Buffer | undefined;
}

/** A tar, plain or compressed, that can be read from its start more than once. */
export interface ArchiveBytes {
  /** For messages: its path in quotes, or what it is. */
  readonly label: string;
  read(): AsyncIterable<Uint8Array>;
}

/** Bytes of all documents of one archive that are kept in memory. */
const MAX_DOCUMENTS = 64 * 1024 * 1024;
const MAX_HOPS = 32;
const ENTRY_POINTS: ReadonlySet<string> = new Set(["manifest.json", "index.json", "oci-layout"]);

/**
 * The members of a tar file, plain or compressed by gzip or zstd. It is read once here, to its end, which finds members and
 * keeps the documents, and once more by each `visit`.
 */
export async function openTarMembers(archive: ArchiveBytes, signal: AbortSignal): Promise<Members> {
  const found = new Map<string, Found>();
  let [place, kept] = [0, 0];
  const { head, rest } = await withHead(archiveBytes(archive, signal), SNIFF_SIZE);
  if (sniff(head) !== "tar") {
    await rest.return();
    throw invalidArchive(archive.label, `it holds ${looksLike(head)}, wanted a tar`);
  }
  for await (const { header, content } of readTar(rest, { nonUtf8: "replace" })) {
    const small = header.type === "file" && header.size > 0 && header.size <= MAX_DOCUMENT;
    const wanted = small && (kept <= MAX_DOCUMENTS || ENTRY_POINTS.has(header.path));
    const document = wanted ? await documentOf(content) : undefined;
    kept += document?.length ?? 0;
    found.set(header.path, { header, place, document });
    place += 1;
  }
  return new TarMembers(archive, found, signal);
}

async function* archiveBytes(archive: ArchiveBytes, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of decompressStream(archive.read())) {
    signal.throwIfAborted();
    yield piece;
  }
}

/** The content, when its first byte is that of a JSON object or array. */
async function documentOf(content: AsyncIterable<Uint8Array>): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) {
    if (pieces.length === 0 && !isJsonStart(piece)) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** White space may come first; layers never start with it, since tar starts with a name. */
function isJsonStart(piece: Uint8Array): boolean {
  const first = piece.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === 0x7b || first === 0x5b;
}

class TarMembers implements Members {
  readonly label: string;
  readonly #archive: ArchiveBytes;
  readonly #found: ReadonlyMap<string, Found>;
  readonly #signal: AbortSignal;

  constructor(archive: ArchiveBytes, found: ReadonlyMap<string, Found>, signal: AbortSignal) {
    this.label = archive.label;
    this.#archive = archive;
    this.#found = found;
    this.#signal = signal;
  }

  has(path: string): boolean {
    return this.#found.has(path);
  }

  list(): readonly string[] {
    return [...this.#found.keys()];
  }

  document(path: string): Buffer {
    const { header, document } = this.#resolve(path);
    if (document !== undefined) return document;
    const problem = header.size > MAX_DOCUMENT ? `is larger than ${MAX_DOCUMENT} bytes` : "is no JSON document";
    throw invalidArchive(this.label, `its "${path}" ${problem}`);
  }

  resolve(path: string): string {
    return this.#resolve(path).header.path;
  }

  async visit(
    paths: ReadonlySet<string>,
    visit: (path: string, content: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void> {
    const wanted = new Map([...paths].map((path) => [this.#resolve(path).place, path]));
    if (wanted.size === 0) return;
    let place = 0;
    for await (const { content } of readTar(archiveBytes(this.#archive, this.#signal), { nonUtf8: "replace" })) {
      const path = wanted.get(place);
      place += 1;
      if (path !== undefined) await visit(path, content);
    }
  }

  /** Follows links inside the archive: `docker save` and skopeo write links for layers that are used twice. */
  #resolve(path: string): Found {
    let at = path;
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const found = this.#found.get(at);
      if (found === undefined) throw this.#absent(path, at);
      const { type, linkname } = found.header;
      if (type === "file") return found;
      if (type !== "symlink" && type !== "hardlink") throw invalidArchive(this.label, `its "${path}" is a ${type}`);
      at = this.#target(path, type === "symlink" ? `${at}/../${linkname}` : linkname, linkname);
    }
    throw invalidArchive(this.label, `its "${path}" is a link that leads to itself`);
  }

  #target(path: string, target: string, written: string): string {
    const parts: string[] = [];
    for (const part of target.split("/")) {
      if (part === "" || part === ".") continue;
      if (part !== "..") parts.push(part);
      else if (parts.pop() === undefined) throw this.#escape(path, written);
    }
    if (written.startsWith("/")) throw this.#escape(path, written);
    return parts.join("/");
  }

  #escape(path: string, linkname: string): Error {
    return invalidArchive(this.label, `its "${path}" is a link to "${linkname}", which is outside the archive`);
  }

  #absent(path: string, at: string): Error {
    return invalidArchive(this.label, `it has no "${at}"${at === path ? "" : `, which its "${path}" links to`}`);
  }
}

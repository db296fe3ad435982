import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fromUnknown, ImgbuildError, systemCode } from "@imgbuild/errors";
import { hexOf } from "@imgbuild/oci";
import { readPieces } from "./file-pieces.ts";
import {
  blobPath,
  LAYOUT_FILE,
  type LayoutBlob,
  type LayoutContent,
  type LayoutOptions,
  layoutContent,
  OWN_LAYOUT,
} from "./layout-content.ts";

/** Where a layout goes, and what it is made of. */
export interface LayoutDirectoryOptions extends LayoutOptions {
  readonly dir: string;
}

/** What writing a layout did. */
export interface LayoutWritten {
  /** Bytes written: blobs that were there already, and whole, are not written again. */
  readonly bytes: number;
  readonly blobsWritten: number;
  readonly blobsKept: number;
  /** How many of the written blobs are layers. */
  readonly layersWritten: number;
}

/**
 * Writes an OCI layout. A new one is made beside and renamed into place. One that we wrote before is brought up to date: new
 * blobs first, then the index in one step, then blobs that it no longer names go, so that a reader sees the old images or
 * the new ones. Throws `conflict` for a directory with other things in it, and what the store throws.
 */
export async function writeOciLayout(options: LayoutDirectoryOptions): Promise<LayoutWritten> {
  const { dir } = options;
  try {
    const found = checkTarget(dir);
    const content = await layoutContent(options);
    if (found === "ours") return await fill(dir, content, options);
    const place =
      found === "empty" ? dir : join(dirname(dir), `.${basename(dir)}.${randomBytes(6).toString("hex")}.tmp`);
    try {
      const written = await fill(place, content, options);
      if (place === dir || movedTo(place, dir)) return written;
      // Another run has made it meanwhile: that one is brought up to date.
      rmSync(place, { recursive: true, force: true });
      return await writeOciLayout(options);
    } catch (error) {
      for (const entry of listOf(place)) rmSync(join(place, entry), { recursive: true, force: true });
      if (place !== dir) rmSync(place, { recursive: true, force: true });
      throw error;
    }
  } catch (error) {
    if (options.signal.aborted) throw error;
    throw fromUnknown(error, `Cannot write the OCI layout "${dir}"`);
  }
}

async function fill(dir: string, content: LayoutContent, options: LayoutDirectoryOptions): Promise<LayoutWritten> {
  const writer = new LayoutWriter(dir, options);
  const written = await writer.writeBlobs(content.blobs);
  await writer.writeFile("oci-layout", [LAYOUT_FILE]);
  await writer.writeFile("index.json", [content.index]);
  writer.prune(content.blobs);
  return written;
}

/** False when there is a directory with entries by now. */
function movedTo(place: string, dir: string): boolean {
  try {
    renameSync(place, dir);
    return true;
  } catch (error) {
    if (systemCode(error) !== "ENOTEMPTY" && systemCode(error) !== "EEXIST") throw error;
    return false;
  }
}

/** What is at the place now; anything but a layout of ours or nothing is refused. */
function checkTarget(dir: string): "absent" | "empty" | "ours" {
  const entries = listOf(dir);
  if (entries.length === 0) return existsSync(dir) ? "empty" : "absent";
  const isLayout = entries.includes("oci-layout") && entries.includes("index.json");
  if (isLayout && isOurs(join(dir, "index.json"))) return "ours";
  const what = isLayout ? "an OCI layout that imgbuild did not write" : "a directory with other files";
  throw new ImgbuildError("conflict", `Cannot write the OCI layout "${dir}": there is ${what}`, {
    hint: "Name a new directory, or remove this one",
  });
}

function listOf(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    if (systemCode(error) !== "ENOTDIR") throw error;
    throw new ImgbuildError("conflict", `Cannot write the OCI layout "${dir}": there is a file with this name`, {
      hint: "Name a new directory, or remove the file",
    });
  }
}

function isOurs(index: string): boolean {
  try {
    const document = JSON.parse(readFileSync(index, "utf8")) as { annotations?: Record<string, unknown> } | null;
    return document?.annotations?.[OWN_LAYOUT] !== undefined;
  } catch {
    return false;
  }
}

class LayoutWriter {
  readonly #dir: string;
  readonly #options: LayoutDirectoryOptions;

  constructor(dir: string, options: LayoutDirectoryOptions) {
    this.#dir = dir;
    this.#options = options;
  }

  async writeBlobs(blobs: readonly LayoutBlob[]): Promise<LayoutWritten> {
    mkdirSync(join(this.#dir, "blobs/sha256"), { recursive: true });
    let [bytes, blobsWritten, layersWritten] = [0, 0, 0];
    for (const blob of blobs) {
      if (this.#isWhole(blob)) continue;
      await this.writeFile(blobPath(blob.digest), blob.read());
      bytes += blob.size;
      blobsWritten += 1;
      if (blob.kind === "layer") layersWritten += 1;
    }
    return { bytes, blobsWritten, blobsKept: blobs.length - blobsWritten, layersWritten };
  }

  async writeFile(path: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const target = join(this.#dir, path);
    const temporary = `${target}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      const file = openSync(temporary, "wx");
      try {
        for await (const piece of content) {
          this.#writePiece(file, piece);
          // Signals and progress get their turn between pieces.
          await setImmediate();
        }
      } finally {
        closeSync(file);
      }
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** Removes what the index does not name, also the remains of an interrupted run. */
  prune(blobs: readonly LayoutBlob[]): void {
    const wanted = new Set(blobs.map(({ digest }) => hexOf(digest)));
    const place = join(this.#dir, "blobs/sha256");
    for (const name of readdirSync(place)) {
      if (!wanted.has(name)) rmSync(join(place, name), { recursive: true, force: true });
    }
  }

  #writePiece(file: number, piece: Uint8Array): void {
    this.#options.signal.throwIfAborted();
    for (let done = 0; done < piece.length; ) done += writeSync(file, piece, done);
    this.#options.onBytes?.(piece.length);
  }

  /** A blob that is there is believed only when its bytes say so. */
  #isWhole({ digest, size }: LayoutBlob): boolean {
    const path = join(this.#dir, blobPath(digest));
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile() || stat.size !== size) return false;
    const hash = createHash("sha256");
    for (const piece of readPieces(path)) hash.update(piece);
    return hash.digest("hex") === hexOf(digest);
  }
}

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { fromUnknown, ImgbuildError } from "@imgbuild/errors";
import type { Platform } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import type { ImagePick } from "./choose-image.ts";
import { type ContentFiles, openContentMembers, streamed } from "./content-members.ts";
import { contentPieces } from "./content-pieces.ts";
import { openDirectoryMembers } from "./directory-members.ts";
import { streamFile } from "./file-pieces.ts";
import { storeImage } from "./found-image.ts";
import type { ImageData } from "./layer-data.ts";
import type { LayerContent } from "./layer-entry.ts";
import { invalidArchive, type Members } from "./members.ts";
import { DOCKER_MANIFEST, findInDockerArchive } from "./read-docker-archive.ts";
import { findInLayout, LAYOUT_INDEX } from "./read-oci-layout.ts";
import { looksLike, SNIFF_SIZE, sniff } from "./sniff.ts";
import { openTarMembers } from "./tar-members.ts";

/** Which image of which archive. */
export interface ImportOptions {
  /** A docker-archive or OCI archive (plain, gzip or zstd), or the directory of an OCI layout. Absolute. */
  readonly path: string;
  readonly pick: ImagePick;
  /** Wanted platform; undefined takes the only one there is, else linux/amd64. */
  readonly platform?: Platform | undefined;
  readonly store: Store;
  readonly signal: AbortSignal;
}

/**
 * Takes an image out of an archive into the store, and checks all that the archive says: digests, sizes, diffIDs, counts.
 * Throws `input-missing` for no such path, `invalid-archive` for what is no image (saying what it looks like), is damaged,
 * cut off, or leaves the choice open; `not-found` when there is no such image, `integrity` for bytes that are not what was promised.
 */
export async function importImage(options: ImportOptions): Promise<ImageData> {
  const { path, signal } = options;
  return storeFound(`"${path}"`, options, async () => {
    if (statSync(path).isDirectory()) return openDirectoryMembers(path, signal);
    checkFile(path);
    return openTarMembers({ label: `"${path}"`, read: () => streamFile(path, { follow: true }) }, signal);
  });
}

/** Which image of an archive or layout that is not on the disk. */
export interface ImportFilesOptions extends Omit<ImportOptions, "path"> {
  /** What it is, for messages. */
  readonly label: string;
  /** The content of the archive, or the files of a layout by path. */
  readonly from: { readonly file: LayerContent | undefined } | { readonly files: ContentFiles };
}

/** The same as {@link importImage} from contents that are known already. */
export function importFiles(options: ImportFilesOptions): Promise<ImageData> {
  const { label, from, signal } = options;
  return storeFound(label, options, async () => {
    if ("files" in from) return openContentMembers(label, from.files, signal);
    const [head = Buffer.alloc(0)] = contentPieces(from.file);
    checkHead(head.subarray(0, SNIFF_SIZE), label);
    return openTarMembers({ label, read: () => streamed(from.file) }, signal);
  });
}

async function storeFound(
  label: string,
  options: Omit<ImportOptions, "path">,
  open: () => Promise<Members>,
): Promise<ImageData> {
  try {
    const members = await open();
    return await storeImage(options.store, members, findImage(members, options));
  } catch (error) {
    if (options.signal.aborted) throw error;
    throw placed(fromUnknown(error, `Cannot read the image in ${label}`), label);
  }
}

function findImage(members: Members, { pick, platform }: Omit<ImportOptions, "path">): ReturnType<typeof findInLayout> {
  const find = { pick, platform };
  // Docker 25 and later write both; the index is the one whose digests can be checked.
  if (members.has(LAYOUT_INDEX) && members.has("oci-layout")) return findInLayout(members, find);
  if (members.has(DOCKER_MANIFEST) && members.has("version")) {
    const hint = "Copy it to a layout with `skopeo copy dir:DIRECTORY oci:LAYOUT`";
    throw invalidArchive(members.label, 'it is a directory of skopeo\'s "dir:"', hint);
  }
  if (members.has(DOCKER_MANIFEST)) return findInDockerArchive(members, find);
  throw invalidArchive(members.label, notAnImage(members), "Give a docker-archive, an OCI archive or an OCI layout");
}

const SHOWN = 5;

function notAnImage(members: Members): string {
  if (members.has("repositories")) return "it was written by a Docker before 1.10, whose format is not supported";
  if (members.has(LAYOUT_INDEX)) return 'it has an index but no "oci-layout"';
  const all = members.list();
  if (all.length === 0) return "it is empty";
  const more = all.length > SHOWN ? " …" : "";
  return `it is no image: it holds ${all.slice(0, SHOWN).join(", ")}${more}`;
}

function checkFile(path: string): void {
  const head = Buffer.alloc(SNIFF_SIZE);
  const file = openSync(path, "r");
  let length: number;
  try {
    length = readSync(file, head, 0, SNIFF_SIZE, 0);
  } finally {
    closeSync(file);
  }
  checkHead(head.subarray(0, length), `"${path}"`);
}

function checkHead(head: Uint8Array, label: string): void {
  const kind = sniff(head);
  if (kind === "tar" || kind === "gzip" || kind === "zstd") return;
  throw invalidArchive(label, `it is ${looksLike(head)}, wanted a tar, plain or compressed by gzip or zstd`);
}

/** What the readers below say does not name the archive. */
function placed(error: ImgbuildError, label: string): ImgbuildError {
  if (error.message.includes(label)) return error;
  const action = `Cannot read the image in ${label}`;
  const detail = error.message.charAt(0).toLowerCase() + error.message.slice(1);
  return new ImgbuildError(error.code, `${action}: ${detail}`, { hint: error.hint, cause: error });
}

import { createReadStream, readFileSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { ImgbuildError } from "@imgbuild/errors";
import { decompressStream, readTar, readTarSync, type TarHeader } from "@imgbuild/tar";
import { TarballHash } from "./tarball-hash.ts";

/** A member of a tarball; its content can be read once, before the next member. */
export interface TarballMember {
  readonly header: TarHeader;
  readonly content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** A tarball and what it should be. */
export interface Tarball {
  readonly path: string;
  readonly integrity: string;
  /** `name@version`. */
  readonly title: string;
}

/** Larger ones are read as a stream. */
const IN_MEMORY = 2 << 20;
const UNPACKED_IN_MEMORY = 32 << 20;

/** No package is larger unpacked; a tarball that is was made to fill disks. */
const MAX_UNPACKED = 4 * 2 ** 30;

/**
 * The members of a tarball. Until the end is reached nothing is known of its bytes: then `integrity` is thrown if they are not
 * what was wanted. Throws `invalid-archive` for what is no tarball.
 */
export async function* tarballMembers(tarball: Tarball): AsyncGenerator<TarballMember, void, undefined> {
  const tar = statSync(tarball.path).size <= IN_MEMORY ? smallTar(tarball) : undefined;
  if (tar === undefined) yield* largeMembers(tarball);
  else for (const { header, content } of readTarSync(tar)) yield { header, content: [content] };
}

/** The tar in memory; undefined when it is large after all. */
function smallTar({ path, integrity, title }: Tarball): Uint8Array | undefined {
  const bytes = readFileSync(path);
  const hash = new TarballHash(integrity);
  hash.update(bytes);
  hash.check(title);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: UNPACKED_IN_MEMORY });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw new ImgbuildError("invalid-archive", `Cannot unpack the package "${title}": its gzip data is damaged`, {
      cause: error,
    });
  }
}

async function* largeMembers({ path, integrity, title }: Tarball): AsyncGenerator<TarballMember, void, undefined> {
  const hash = new TarballHash(integrity);
  const hashed = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>) {
      hash.update(piece);
      yield piece;
    }
  };
  yield* readTar(decompressStream(hashed(), { maxSize: MAX_UNPACKED }));
  hash.check(title);
}

import { ImgbuildError } from "@imgbuild/errors";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";

/** What is kept of a package beside its files: what dpkg's database and the helpers are made of. */
export interface DebRecord {
  /** Files of `control.tar` by name, in base64. */
  readonly control: Readonly<Record<string, string>>;
  /** Paths of its members as the package has them, in its order. */
  readonly paths: readonly string[];
  /** MD5 of its configuration files, by absolute path. */
  readonly conffileMd5: Readonly<Record<string, string>>;
}

/** Keeps a record; equal records are one blob. */
export function writeDebRecord(store: Store, record: DebRecord): Digest {
  return store.blobs.put(Buffer.from(JSON.stringify(record)));
}

/** Reads a record back. Throws what `BlobStore.read` throws, and `integrity`. */
export function readDebRecord(store: Store, digest: Digest): DebRecord {
  try {
    return JSON.parse(store.blobs.read(digest).toString("utf8")) as DebRecord;
  } catch (error) {
    if (error instanceof ImgbuildError) throw error;
    throw new ImgbuildError("integrity", `Cannot read the record ${digest} of a package: it has another format`, {
      hint: "Run the build again with --force",
    });
  }
}

import { createHash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";

declare const digestBrand: unique symbol;
declare const diffIdBrand: unique symbol;

/** `sha256:` and 64 lower-case hex digits: the digest of the bytes of a blob as stored or sent (OCI descriptor.md). */
export type Digest = string & { readonly [digestBrand]: true };

/** A digest of the *uncompressed* tar of a layer: its identity (OCI config.md, `rootfs.diff_ids`). */
export type DiffId = Digest & { readonly [diffIdBrand]: true };

const PATTERN = /^sha256:[0-9a-f]{64}$/;

/** Whether `text` is a sha256 digest in canonical form. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && PATTERN.test(text);
}

/** Parses a digest; throws `invalid-archive` naming what was found otherwise. */
export function parseDigest(text: unknown): Digest {
  if (isDigest(text)) return text;
  throw new ImgbuildError(
    "invalid-archive",
    `Cannot read the digest ${JSON.stringify(text)}: wanted "sha256:" and 64 hex digits`,
  );
}

/** Parses a diffID; same form and error as {@link parseDigest}. */
export function parseDiffId(text: unknown): DiffId {
  return parseDigest(text) as DiffId;
}

/** The digest with this sha256 in hex (64 lower-case digits) or as 32 bytes. */
export function digestFromSha256(sha256: string | Uint8Array): Digest {
  return parseDigest(`sha256:${typeof sha256 === "string" ? sha256 : Buffer.from(sha256).toString("hex")}`);
}

/** The digest of `bytes`; a string is hashed as UTF-8. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest;
}

/** The 64 hex digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}

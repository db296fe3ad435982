import { createHash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";

/** What bytes have to be. */
export interface ExpectedBytes {
  /** What they are, for errors: `dists/stable/main/binary-amd64/Packages.xz`. */
  readonly what: string;
  /** Count of bytes. */
  readonly size: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** Throws `integrity`, with wanted and got, when the bytes are not what was promised. */
export function checkBytes(bytes: Uint8Array, expected: ExpectedBytes): void {
  if (bytes.length !== expected.size) throw wrongSize(expected, String(bytes.length));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== expected.sha256) throw wrongHash(expected, sha256);
}

/**
 * Passes the bytes on and throws `integrity` when they are not what was promised: as soon as there are too many, else
 * after the last. Until the end was reached nothing made of them is to be kept.
 */
export async function* checkedStream(
  source: AsyncIterable<Uint8Array>,
  expected: ExpectedBytes,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const bytes of source) {
    size += bytes.length;
    if (size > expected.size) throw wrongSize(expected, "more");
    hash.update(bytes);
    yield bytes;
  }
  if (size !== expected.size) throw wrongSize(expected, String(size));
  const sha256 = hash.digest("hex");
  if (sha256 !== expected.sha256) throw wrongHash(expected, sha256);
}

function wrongSize({ what, size }: ExpectedBytes, got: string): ImgbuildError {
  return new ImgbuildError("integrity", `Cannot use "${what}": it has ${got} bytes, wanted ${size}`, {
    hint: "The mirror may be in the middle of an update, or the file is damaged: fetch the index and the file again",
  });
}

function wrongHash({ what, sha256 }: ExpectedBytes, got: string): ImgbuildError {
  return new ImgbuildError("integrity", `Cannot use "${what}": its SHA-256 is ${got}, wanted ${sha256}`, {
    hint: "The mirror may be in the middle of an update, or the file was changed: fetch the index and the file again",
  });
}

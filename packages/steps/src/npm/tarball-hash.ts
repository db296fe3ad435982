import { createHash, type Hash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";

/** Hashes a tarball while it is read, as npm's integrity wants it: `algorithm-base64`, several of one algorithm by spaces. */
export class TarballHash {
  readonly #wanted: readonly string[];
  readonly #algorithm: string;
  readonly #hash: Hash;

  constructor(integrity: string) {
    this.#wanted = integrity.split(" ");
    this.#algorithm = integrity.slice(0, integrity.indexOf("-"));
    this.#hash = createHash(this.#algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Throws `integrity` when what came is not what was wanted. Called once, at the end. */
  check(title: string): void {
    const got = `${this.#algorithm}-${this.#hash.digest("base64")}`;
    if (this.#wanted.includes(got)) return;
    throw new ImgbuildError(
      "integrity",
      `Cannot use the tarball of the package "${title}": it is not what the lock names: wanted ${this.#wanted.join(" or ")}, got ${got}`,
      { hint: "Do not trust where it came from; if it was changed on purpose, write the lock anew" },
    );
  }
}

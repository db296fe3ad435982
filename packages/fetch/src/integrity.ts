import { createHash, type Hash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";
import { type Digest, digestFromSha256 } from "@imgbuild/oci";

const SIZES: ReadonlyMap<string, number> = new Map([
  ["sha512", 64],
  ["sha384", 48],
  ["sha256", 32],
  ["sha1", 20],
]);

/** Hashes that some bytes must have: one of `wanted`, all of one algorithm. */
export interface Integrity {
  readonly algorithm: string;
  /** Lower-case hex. */
  readonly wanted: readonly string[];
  /** Whether it was written in hex (`sha256:…`) or base64 (`sha512-…`): messages say it the same way. */
  readonly form: "hex" | "base64";
}

/**
 * Reads `algorithm:hex` or Subresource Integrity (`algorithm-base64`, several separated by spaces: the strongest
 * algorithm counts, any hash of it may match). Throws `definition` naming what is wrong.
 */
export function parseIntegrity(text: string): Integrity {
  const items = text.trim().split(/\s+/).map(parseOne);
  for (const algorithm of SIZES.keys()) {
    const same = items.filter((item) => item?.algorithm === algorithm);
    const form = same[0]?.form;
    if (form !== undefined) return { algorithm, form, wanted: same.flatMap((item) => item?.wanted ?? []) };
  }
  throw new ImgbuildError("definition", `Cannot read the hash ${JSON.stringify(text)}: it is no hash of a known form`, {
    hint: 'Write it as "sha256:" and 64 hex digits, or as "sha512-" and base64',
  });
}

/** `integrity` as it was written. */
export function formatIntegrity({ algorithm, form, wanted }: Integrity): string {
  return wanted.map((hex) => formatHash(hex, { algorithm, form })).join(" ");
}

function formatHash(hex: string, { algorithm, form }: Pick<Integrity, "algorithm" | "form">): string {
  return form === "hex" ? `${algorithm}:${hex}` : `${algorithm}-${Buffer.from(hex, "hex").toString("base64")}`;
}

function parseOne(item: string): Integrity | undefined {
  const [, algorithm = "", mark, value = ""] = /^(sha\d+)([:-])([^?]+)/.exec(item) ?? [];
  const size = SIZES.get(algorithm);
  if (size === undefined) return undefined;
  const isHex = value.length === size * 2 && /^[0-9a-fA-F]+$/.test(value);
  if (isHex) return { algorithm, form: "hex", wanted: [value.toLowerCase()] };
  const bytes = Buffer.from(value, "base64");
  const isBase64 = mark === "-" && /^[A-Za-z0-9+/]+={0,2}$/.test(value) && bytes.length === size;
  return isBase64 ? { algorithm, form: "base64", wanted: [bytes.toString("hex")] } : undefined;
}

/** Hashes bytes as they come: sha256 for us, and what `integrity` asks for. */
export class IntegrityHash {
  #sha256: Hash;
  #other: Hash | undefined;
  readonly #integrity: Integrity | undefined;

  constructor(integrity: Integrity | undefined) {
    this.#integrity = integrity;
    this.#sha256 = createHash("sha256");
    this.#other = this.#makeOther();
  }

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#other?.update(bytes);
  }

  reset(): void {
    this.#sha256 = createHash("sha256");
    this.#other = this.#makeOther();
  }

  /** The sha256 of what came so far. */
  digest(): Digest {
    return digestFromSha256(this.#sha256.copy().digest());
  }

  /** Undefined when what came so far is what was wanted (or nothing was); else what it is, in the form of the wanted. */
  mismatch(): string | undefined {
    const integrity = this.#integrity;
    if (integrity === undefined) return undefined;
    const got = (this.#other ?? this.#sha256).copy().digest("hex");
    return integrity.wanted.includes(got) ? undefined : formatHash(got, integrity);
  }

  #makeOther(): Hash | undefined {
    const algorithm = this.#integrity?.algorithm;
    return algorithm === undefined || algorithm === "sha256" ? undefined : createHash(algorithm);
  }
}

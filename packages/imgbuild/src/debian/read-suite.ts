import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  byHashPath,
  checkBytes,
  decompressBytes,
  type ExpectedBytes,
  type LockedSuite,
  PackagesIndex,
  packagesFiles,
  parseRelease,
  type Release,
  verifyInRelease,
  verifyRelease,
} from "@imgbuild/debian";
import { ImgbuildError } from "@imgbuild/errors";
import type { Fetcher } from "@imgbuild/fetch";
import type { Mirror } from "./mirrors.ts";

/** What reading a suite needs. */
export interface SuiteSource {
  readonly fetcher: Fetcher;
  /** Best first; not empty. */
  readonly mirrors: readonly Mirror[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

/** What is wanted of a suite. */
export interface SuiteWish {
  readonly suite: string;
  readonly components: readonly string[];
  readonly architecture: string;
}

/** The packages of a suite. */
export interface SuiteIndexes {
  readonly locked: LockedSuite;
  readonly indexes: readonly PackagesIndex[];
  /** As apt's pins. */
  readonly priority: number;
}

const MAX_RELEASE = 32 << 20;
const MAX_INDEX = 256 << 20;
const MAX_INDEX_TEXT = 1 << 30;

/**
 * The packages of a suite: signature of the index, hash of each list. Mirrors are tried in order, the next one only when one does
 * not have the suite. Throws `not-found` when none has it, what verifying throws, and what fetching throws.
 */
export async function readSuite(wish: SuiteWish, source: SuiteSource): Promise<SuiteIndexes> {
  let missing: unknown;
  for (const mirror of source.mirrors) {
    try {
      const signed = await readRelease(wish.suite, mirror, source);
      checkName(signed.release, wish.suite, `dists/${wish.suite}/InRelease`);
      return await readIndexes(wish, { ...signed, mirror, source });
    } catch (error) {
      if (!(error instanceof NoSuite)) throw error;
      missing ??= error.cause;
    }
  }
  throw new ImgbuildError("not-found", `Cannot find the suite "${wish.suite}": the mirror does not have it`, {
    hint: "Correct the suite, or name a mirror that has it: see docs/debian.md",
    cause: missing,
  });
}

/** A mirror does not have a suite. */
class NoSuite extends Error {}

interface SignedRelease {
  readonly release: Release;
  /** Of the signed file. */
  readonly sha256: string;
}

async function readRelease(suite: string, mirror: Mirror, source: SuiteSource): Promise<SignedRelease> {
  const base = `dists/${suite}`;
  const get = (name: string) => getFile(`${mirror.root}/${base}/${name}`, MAX_RELEASE, source);
  const inRelease = await get("InRelease");
  const bytes = inRelease ?? (await get("Release"));
  if (bytes === undefined) throw new NoSuite();
  const what = `${base}/${inRelease === undefined ? "Release" : "InRelease"}`;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (mirror.trusted) {
    source.warn(`The signature of "${what}" is not checked: apt's sources say that it is trusted`);
    return { release: parseRelease(unsigned(bytes), what), sha256 };
  }
  const { allowExpired } = mirror;
  const options = { keyrings: readKeyrings(mirror, what), now: new Date(source.now), allowExpired, what };
  const release =
    inRelease === undefined
      ? await verifyRelease(bytes, { ...options, signature: (await get("Release.gpg")) ?? new Uint8Array() })
      : await verifyInRelease(bytes, options);
  checkSigner(release.signedBy, mirror, what);
  return { release, sha256 };
}

/** The text of a clear-signed file without its signature. */
function unsigned(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("utf8");
  const [, inner] =
    /^-----BEGIN PGP SIGNED MESSAGE-----\n[\s\S]*?\n\n([\s\S]*?)\n-----BEGIN PGP SIGNATURE-----/m.exec(text) ?? [];
  return inner ?? text;
}

/** A good signature says nothing of where a file belongs: that of an old release is as good. */
function checkName(release: Release, suite: string, what: string): void {
  const names = [...new Set([release.suite, release.codename])].filter((name) => name !== undefined);
  if (names.length === 0 || names.includes(suite)) return;
  throw new ImgbuildError(
    "integrity",
    `Cannot trust "${what}": it is of "${names.join('" or "')}", wanted "${suite}"`,
    {
      hint: "Use another mirror; if the suite has another name there, ask for that",
    },
  );
}

function checkSigner(signedBy: readonly string[], { fingerprints }: Mirror, what: string): void {
  if (fingerprints.length === 0 || signedBy.some((key) => fingerprints.some((wanted) => key.endsWith(wanted)))) return;
  throw new ImgbuildError(
    "integrity",
    `Cannot trust "${what}": it is signed by ${signedBy.join(", ")}, wanted ${fingerprints.join(" or ")}`,
  );
}

function readKeyrings({ keyrings }: Mirror, what: string): readonly Uint8Array[] {
  if (keyrings.length === 0) {
    throw new ImgbuildError(
      "input-missing",
      `Cannot check the signature of "${what}": this machine has no keyring of the archive`,
      {
        hint: 'Install the package debian-archive-keyring, or name the file: IMGBUILD_DEBIAN_KEYRINGS=…, or defineConfig({ debian: { keyrings: ["…"] } })',
      },
    );
  }
  return keyrings.map((keyring) => {
    if (keyring.startsWith("-----BEGIN")) return Buffer.from(keyring);
    try {
      return readFileSync(keyring);
    } catch (error) {
      throw new ImgbuildError(
        "input-missing",
        `Cannot check the signature of "${what}": the keyring "${keyring}" cannot be read`,
        {
          hint: "Correct the path, or install the package that has it (for Debian: debian-archive-keyring)",
          cause: error,
        },
      );
    }
  });
}

interface ReadIndexes extends SignedRelease {
  readonly mirror: Mirror;
  readonly source: SuiteSource;
}

async function readIndexes(
  { suite, components, architecture }: SuiteWish,
  { release, sha256, mirror, source }: ReadIndexes,
): Promise<SuiteIndexes> {
  const base = `dists/${suite}`;
  const indexes: PackagesIndex[] = [];
  for (const component of components) {
    const [file] = packagesFiles(release, { component, architecture, what: `${base}/InRelease` });
    if (file === undefined) continue;
    const bytes = await getIndex(file, { base, release, mirror, source });
    const text = await decompressBytes(bytes, { maxSize: MAX_INDEX_TEXT });
    indexes.push(new PackagesIndex(text, { suite, component, architecture }));
  }
  const { date, notAutomatic } = release;
  const locked = { suite, components, sha256, date: date?.toISOString().replace(/\.\d+Z$/, "Z") };
  return { locked, indexes, priority: notAutomatic ? 100 : 500 };
}

async function getIndex(
  file: ExpectedBytes,
  {
    base,
    release,
    mirror,
    source,
  }: { readonly base: string; readonly release: Release; readonly mirror: Mirror; readonly source: SuiteSource },
): Promise<Uint8Array> {
  // Under its hash first: the plain name may belong to a newer state already.
  const names = release.acquireByHash ? [byHashPath(file), file.what] : [file.what];
  for (const name of names) {
    const bytes = await getFile(`${mirror.root}/${base}/${name}`, Math.min(MAX_INDEX, file.size + 1), source);
    if (bytes === undefined) continue;
    checkBytes(bytes, { ...file, what: `${base}/${file.what}` });
    return bytes;
  }
  throw new ImgbuildError("not-found", `Cannot read "${base}/${file.what}": the mirror lists it and does not have it`, {
    hint: "The mirror may be in the middle of an update: try again, or use another one",
  });
}

/** The bytes at an address; undefined when there is nothing. */
async function getFile(
  url: string,
  maxBytes: number,
  { fetcher, signal }: SuiteSource,
): Promise<Uint8Array | undefined> {
  try {
    return (await fetcher.fetchBytes({ urls: [url], maxBytes, signal })).bytes;
  } catch (error) {
    if (error instanceof ImgbuildError && error.code === "not-found") return undefined;
    throw error;
  }
}

import { ImgbuildError } from "@imgbuild/errors";
import type { CleartextMessage, Key, Signature } from "openpgp";

type OpenPgp = typeof import("openpgp");
type Verification = Awaited<ReturnType<Awaited<ReturnType<OpenPgp["readCleartextMessage"]>>["verify"]>>[number];

/** Who may sign, and when it is. */
export interface SignatureOptions {
  /** Keyrings as files hold them, binary (`.gpg`) or armored (`.asc`). A signature by a key of any of them will do. */
  readonly keyrings: readonly Uint8Array[];
  /** The present time. */
  readonly now: Date;
  /** Also accept keys and signatures that were valid once: for archives that are history. Default false. */
  readonly allowExpired?: boolean | undefined;
  /** What is checked, for errors: `dists/stable/InRelease`. */
  readonly what: string;
}

/** Text whose signature was good. */
export interface SignedText {
  /** Exactly what was signed: nothing around it. */
  readonly text: string;
  /** Fingerprints (upper-case hex, as gpg writes them) of the keys whose signatures are good, in the order of the signatures. */
  readonly signedBy: readonly string[];
}

/**
 * Checks a clear-signed text (RFC 9580 §7), as `InRelease` is. Throws `integrity`, each with its own message: no
 * signature, unknown keys only, a signature that does not fit the text, an expired signature or key.
 */
export async function verifyClearSigned(bytes: Uint8Array, options: SignatureOptions): Promise<SignedText> {
  const openpgp = await import("openpgp");
  const armored = Buffer.from(bytes).toString("utf8");
  if (!armored.includes("-----BEGIN PGP SIGNED MESSAGE-----")) throw unsigned(options);
  const message = await openpgp.readCleartextMessage({ cleartextMessage: armored }).catch((error: unknown) => {
    throw damaged(options, error);
  });
  const keys = await readKeyrings(openpgp, options);
  const results = await verifyMessage(message, keys, options);
  return { text: message.getText(), signedBy: await judge(results, keys, options) };
}

/** Checks a detached signature (`Release.gpg`, armored or binary) of `bytes`; errors as {@link verifyClearSigned}. */
export async function verifyDetached(
  bytes: Uint8Array,
  options: SignatureOptions & { readonly signature: Uint8Array },
): Promise<SignedText> {
  const openpgp = await import("openpgp");
  if (options.signature.length === 0) throw unsigned(options);
  const signature = await readSignature(openpgp, options.signature).catch((error: unknown) => {
    throw damaged(options, error);
  });
  const keys = await readKeyrings(openpgp, options);
  const message = await openpgp.createMessage({ binary: Uint8Array.from(bytes) });
  const { signatures } = await openpgp
    .verify({ message, signature, verificationKeys: [...keys], date: options.now })
    .catch((error: unknown) => {
      throw damaged(options, error);
    });
  return { text: Buffer.from(bytes).toString("utf8"), signedBy: await judge(signatures, keys, options) };
}

/** Also what the library throws before it makes a promise is caught. */
async function verifyMessage(
  message: CleartextMessage,
  keys: readonly Key[],
  options: SignatureOptions,
): Promise<readonly Verification[]> {
  try {
    return await message.verify([...keys], options.now);
  } catch (error) {
    throw damaged(options, error);
  }
}

function isArmored(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 4096)).includes("-----BEGIN PGP");
}

async function readSignature(openpgp: OpenPgp, bytes: Uint8Array): Promise<Signature> {
  if (isArmored(bytes)) return openpgp.readSignature({ armoredSignature: Buffer.from(bytes).toString("latin1") });
  return openpgp.readSignature({ binarySignature: Uint8Array.from(bytes) });
}

async function readKeyrings(openpgp: OpenPgp, { keyrings, what }: SignatureOptions): Promise<readonly Key[]> {
  const keys: Key[] = [];
  for (const keyring of keyrings) {
    if (keyring.length === 0) continue;
    try {
      const text = Buffer.from(keyring).toString("latin1");
      const read = isArmored(keyring)
        ? await openpgp.readKeys({ armoredKeys: text })
        : await openpgp.readKeys({ binaryKeys: Uint8Array.from(keyring) });
      keys.push(...read);
    } catch (error) {
      throw new ImgbuildError("integrity", `Cannot check the signature of "${what}": a keyring cannot be read`, {
        hint: "Give a keyring of public keys as gpg --export writes it, with or without --armor",
        cause: error,
      });
    }
  }
  if (keys.length > 0) return keys;
  throw new ImgbuildError("integrity", `Cannot check the signature of "${what}": there is no key to check it with`, {
    hint: "Name the archive's keyring, for Debian usually that of the package debian-archive-keyring",
  });
}

/** What is the matter with a signature. Only `forged` says that somebody changed the text. */
interface SignatureFault {
  readonly kind: "unknown" | "expired" | "forged" | "unusable";
  readonly reason: string;
}

/** Fingerprints of good signatures. One that does not fit the text fails all. */
async function judge(
  results: readonly Verification[],
  keys: readonly Key[],
  options: SignatureOptions,
): Promise<readonly string[]> {
  if (results.length === 0) throw unsigned(options);
  const good: string[] = [];
  const faults: SignatureFault[] = [];
  for (const result of results) {
    const key = keys.find((candidate) => candidate.getKeys(result.keyID).length > 0);
    const fault = await faultOf(result, key, options);
    if (fault !== undefined) faults.push(fault);
    else if (key !== undefined) good.push(fingerprint(key, result));
  }
  const forged = faults.find((fault) => fault.kind === "forged");
  if (forged === undefined && good.length > 0) return good;
  const worst = forged ?? faults.find((fault) => fault.kind !== "unknown");
  if (worst !== undefined) throw untrusted(options, worst);
  throw untrusted(options, { kind: "unknown", reason: faults.map((fault) => fault.reason).join("; ") });
}

function fingerprint(key: Key, result: Verification): string {
  const [signer = key] = key.getKeys(result.keyID);
  return signer.getFingerprint().toUpperCase();
}

async function faultOf(
  result: Verification,
  key: Key | undefined,
  options: SignatureOptions,
): Promise<SignatureFault | undefined> {
  const id = result.keyID.toHex().toUpperCase();
  if (key === undefined) return { kind: "unknown", reason: `it is signed by ${id}, and no keyring has that key` };
  try {
    await result.verified;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const isExpired = /expired/i.test(message);
    if (isExpired && options.allowExpired === true) return undefined;
    const kind = isExpired ? "expired" : /did not match|verification failed/i.test(message) ? "forged" : "unusable";
    return { kind, reason: `the signature by ${id} is not valid (${message})` };
  }
  return options.allowExpired === true ? undefined : expiryOf(result, key, options.now);
}

/** The library asks whether the key was good when it signed; who stole an expired key can say anything about that. */
async function expiryOf(result: Verification, key: Key, now: Date): Promise<SignatureFault | undefined> {
  const id = result.keyID.toHex().toUpperCase();
  const [signer] = key.getKeys(result.keyID);
  for (const end of [await key.getExpirationTime(), await signer?.getExpirationTime()]) {
    if (end instanceof Date && end <= now) return { kind: "expired", reason: `the key ${id} expired on ${day(end)}` };
  }
  return undefined;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function unsigned({ what }: SignatureOptions): ImgbuildError {
  return new ImgbuildError("integrity", `Cannot trust "${what}": it has no signature`, {
    hint: "Take the signed index of the archive: InRelease, or Release with Release.gpg",
  });
}

function damaged({ what }: SignatureOptions, cause: unknown): ImgbuildError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ImgbuildError("integrity", `Cannot trust "${what}": its signature cannot be read (${reason})`, { cause });
}

const HINTS: Readonly<Record<SignatureFault["kind"], string>> = {
  unknown: "Name the keyring of this archive, or update it",
  expired: "Use a newer keyring or a newer index; for an archive that is history, allow expired signatures",
  forged: "The file was changed after it was signed: fetch it again, or use another mirror",
  unusable: "Fetch it again, use another mirror, or update the keyring",
};

function untrusted({ what }: SignatureOptions, { kind, reason }: SignatureFault): ImgbuildError {
  return new ImgbuildError("integrity", `Cannot trust "${what}": ${reason}`, { hint: HINTS[kind] });
}

import { checkReleaseDates, parseRelease, type Release } from "./release.ts";
import { type SignatureOptions, type SignedText, verifyClearSigned, verifyDetached } from "./signature.ts";

/** A release that is signed and in date. */
export interface VerifiedRelease extends Release {
  /** Fingerprints of the keys whose signatures are good. */
  readonly signedBy: readonly string[];
}

/**
 * Checks signature and dates of an `InRelease` and parses what was signed, and nothing else of it. `allowExpired` lets
 * expired keys, signatures and `Valid-Until` pass. Throws `integrity` and what `parseRelease` throws.
 */
export async function verifyInRelease(bytes: Uint8Array, options: SignatureOptions): Promise<VerifiedRelease> {
  return releaseOf(await verifyClearSigned(bytes, options), options);
}

/** {@link verifyInRelease} for a `Release` whose signature is a file of its own, `Release.gpg`. */
export async function verifyRelease(
  bytes: Uint8Array,
  options: SignatureOptions & { readonly signature: Uint8Array },
): Promise<VerifiedRelease> {
  return releaseOf(await verifyDetached(bytes, options), options);
}

function releaseOf({ text, signedBy }: SignedText, options: SignatureOptions): VerifiedRelease {
  const release = parseRelease(text, options.what);
  checkReleaseDates(release, options);
  return { ...release, signedBy };
}

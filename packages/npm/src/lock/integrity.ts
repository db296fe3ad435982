const BYTES: ReadonlyMap<string, number> = new Map([
  ["sha512", 64],
  ["sha384", 48],
  ["sha256", 32],
  ["sha1", 20],
]);

/**
 * The strongest hashes of a Subresource Integrity text (`sha512-base64`, several separated by spaces; W3C SRI): all of
 * the strongest algorithm it has, in their order, without options. Undefined when no hash in it is well formed.
 */
export function strongestIntegrity(text: string): string | undefined {
  const found = text
    .trim()
    .split(/\s+/)
    .map((item) => /^(sha512|sha384|sha256|sha1)-([A-Za-z0-9+/]+={0,2})(?:\?.*)?$/.exec(item))
    .filter((match) => match !== null)
    .filter((match) => base64Bytes(match[2] ?? "") === BYTES.get(match[1] ?? ""));
  for (const algorithm of BYTES.keys()) {
    const hashes = found.filter((match) => match[1] === algorithm).map((match) => `${match[1]}-${match[2]}`);
    if (hashes.length > 0) return [...new Set(hashes)].join(" ");
  }
  return undefined;
}

function base64Bytes(base64: string): number {
  return base64.length % 4 === 0 ? (base64.length / 4) * 3 - (base64.length - base64.replace(/=+$/, "").length) : -1;
}

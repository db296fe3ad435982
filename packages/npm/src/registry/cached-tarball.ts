/**
 * Where npm's cache keeps a tarball with this integrity: `CACHE/_cacache/content-v2/sha512/ab/cd/…` (cacache). One path
 * a hash, any of which may exist. The content is what the path says only if its hash is checked while it is read.
 */
export function cachedTarballPaths(cacheDirectory: string, integrity: string): readonly string[] {
  return integrity
    .trim()
    .split(/\s+/)
    .map((item) => /^(sha512|sha384|sha256|sha1)-([A-Za-z0-9+/]+={0,2})/.exec(item))
    .filter((match) => match !== null)
    .map(([, algorithm, base64]) => {
      const hex = Buffer.from(base64 ?? "", "base64").toString("hex");
      const parts = [hex.slice(0, 2), hex.slice(2, 4), hex.slice(4)].join("/");
      return `${cacheDirectory}/_cacache/content-v2/${algorithm}/${parts}`;
    });
}

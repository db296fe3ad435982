/** What an image runs on (OCI image-index.md, "platform"). Names are Go's: `linux`, `amd64`, `arm64` + variant `v8`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const NODE_TO_GO: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };

/** Go's name for an architecture as Node names it (`process.arch`): `x64` → `amd64`. */
export function architectureFromNode(arch: string): string {
  return NODE_TO_GO[arch] ?? arch;
}

/** `linux/arm64/v8`. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** Whether an image for `have` serves a request for `want`: equal, where a missing variant matches any. */
export function platformMatches(have: Platform, want: Platform): boolean {
  const variantOk = have.variant === undefined || want.variant === undefined || have.variant === want.variant;
  return have.os === want.os && have.architecture === want.architecture && variantOk;
}

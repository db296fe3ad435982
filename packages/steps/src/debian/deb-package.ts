import type { DebPackageArgs, Derivation } from "@imgbuild/graph";

/** A package of Debian, as a derivation names it. */
export interface DebPackage extends DebPackageArgs {
  readonly suite: string;
  /** Relative to the root of a mirror. */
  readonly path: string;
}

/** Reads a `debPackage` derivation. */
export function debPackageOf(derivation: Derivation): DebPackage {
  const [, suite = "", path = ""] = /^(\S+) (.+)$/.exec(derivation.origin ?? "") ?? [];
  return { ...(derivation.args as unknown as DebPackageArgs), suite, path };
}

/** As messages name it. */
export function debTitle({ name, version }: Pick<DebPackage, "name" | "version">): string {
  return `${name} ${version}`;
}

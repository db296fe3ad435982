import { isOutside, joinPath } from "../lock/install-path.ts";
import { strongestIntegrity } from "../lock/integrity.ts";
import { type LockSource, lockError } from "../lock/lock-source.ts";
import type { PackageSource } from "./closure.ts";

/** What a lock says of the origin of one package. */
export interface Origin {
  /** E.g. `left-pad@1.3.0`. */
  readonly title: string;
  /** Where the lock speaks of it, for the position of an error. */
  readonly key: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly resolved: string | undefined;
  readonly integrity: string | undefined;
}

/** Where the tarball comes from and its hashes; throws when it cannot be fetched and verified. */
export function sourceOf(lock: LockSource, origin: Origin): { source: PackageSource; integrity: string } {
  const { title, key, resolved } = origin;
  if (isGit(resolved)) {
    throw lockError(lock, `the package "${title}" comes from git, which imgbuild does not fetch`, {
      key,
      code: "unsupported",
      hint: "Depend on a published version or on a tarball of it",
    });
  }
  if (resolved !== undefined && /^file:/.test(resolved) && !/\.(?:tgz|tar|tar\.gz)$/.test(resolved)) {
    throw lockError(lock, `the package "${title}" is a copy of the directory "${resolved.slice(5)}"`, {
      key,
      code: "unsupported",
      hint: "Run `npm install --install-links=false`, which links the directory instead",
    });
  }
  if (origin.integrity === undefined) {
    throw lockError(lock, `the package "${title}" has no integrity, so what is fetched could not be verified`, {
      key,
      hint: "Remove its entry and node_modules, then run `npm install` to write it anew",
    });
  }
  const integrity = strongestIntegrity(origin.integrity);
  if (integrity === undefined) {
    const shown = JSON.stringify(origin.integrity);
    throw lockError(lock, `the package "${title}" has the integrity ${shown}, wanted "sha512-" and base64`, { key });
  }
  return { source: placeOf(lock, origin), integrity };
}

function placeOf(lock: LockSource, { title, key, name, version, resolved }: Origin): PackageSource {
  if (resolved === undefined) return { from: "registry", resolved: undefined };
  if (resolved.startsWith("file:")) {
    const path = joinPath("", resolved.slice("file:".length));
    if (isOutside(path) || /^file:(?:\/|[A-Za-z]:)/.test(resolved)) {
      throw lockError(lock, `the package "${title}" is the tarball "${resolved.slice(5)}" outside of the workspace`, {
        key,
        code: "path-escape",
        hint: "Move the tarball below the directory of the lock",
      });
    }
    return { from: "file", path };
  }
  if (!/^https?:\/\/[^/]/.test(resolved)) {
    throw lockError(lock, `the package "${title}" is at ${JSON.stringify(resolved)}, wanted an http or file address`, {
      key,
      code: "unsupported",
    });
  }
  return isRegistryTarball(resolved, name, version) ? { from: "registry", resolved } : { from: "url", url: resolved };
}

/** Whether the path of the address is `…/name/-/base-version.tgz`, as every npm registry has it. */
function isRegistryTarball(url: string, name: string, version: string | undefined): boolean {
  const path = url
    .replace(/[?#].*$/, "")
    .replace(/%2f/gi, "/")
    .replace(/%40/g, "@");
  const base = name.split("/").at(-1) ?? "";
  return path.endsWith(`/${name}/-/${base}-${version}.tgz`) || path.endsWith(`/${name}/-/${name}-${version}.tgz`);
}

function isGit(resolved: string | undefined): boolean {
  return resolved !== undefined && /^(?:git(?:\+[a-z]+)?:|git@|github:|gitlab:|bitbucket:|gist:)/.test(resolved);
}

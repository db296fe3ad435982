import { ImgbuildError } from "@imgbuild/errors";
import type { PackageUnit } from "../closure/closure.ts";
import { authorizationFor, type NpmAuthorization } from "./npm-authorization.ts";
import { type NpmConfig, registryFor } from "./npm-config.ts";
import { tarballPath } from "./tarball-path.ts";

/** What to ask for the tarball of a package. */
export interface TarballRequest extends NpmAuthorization {
  readonly url: string;
}

/**
 * Where and how the user's npm would fetch a package; undefined for a tarball of the workspace. An address in the lock
 * that is the default registry's is replaced by the configured registry (`replace-registry-host`). Throws `usage` when no
 * registry is known.
 */
export function tarballRequest(
  config: NpmConfig,
  unit: Pick<PackageUnit, "name" | "version" | "source">,
): TarballRequest | undefined {
  const { source, name, version } = unit;
  if (source.from === "file") return undefined;
  const url = source.from === "url" ? source.url : registryUrl(config, unit, source.resolved);
  if (url !== undefined) return { url, ...authorizationFor(config, url, name) };
  throw new ImgbuildError("usage", `Cannot fetch the package "${name}@${version}": no registry is configured`, {
    hint: 'Name one in .npmrc: "registry=https://…"',
  });
}

function registryUrl(config: NpmConfig, unit: Pick<PackageUnit, "name" | "version">, resolved: string | undefined) {
  const registry = registryFor(config, unit.name);
  const own = registry === undefined ? undefined : registry + tarballPath(unit.name, unit.version);
  if (resolved === undefined) return own;
  return own !== undefined && isReplaced(config, new URL(resolved)) ? own : resolved;
}

function isReplaced({ replaceRegistryHost, defaultRegistry }: NpmConfig, resolved: URL): boolean {
  if (replaceRegistryHost === "always" || replaceRegistryHost === "never") return replaceRegistryHost === "always";
  const host =
    replaceRegistryHost !== "npmjs"
      ? replaceRegistryHost.replace(/^https?:\/\//, "").replace(/\/.*$/, "")
      : defaultRegistry && new URL(defaultRegistry).host;
  return resolved.host === host || resolved.hostname === host;
}

import { ImgbuildError } from "@imgbuild/errors";
import { answeredStatus } from "@imgbuild/fetch";
import { type NpmConfig, registryFor } from "@imgbuild/npm";
import type { NpmPackage } from "./package-origin.ts";

/** A failed download with advice in the words of npm, where the registry said no. */
export function withRegistryHint(error: unknown, unit: NpmPackage, config: NpmConfig): unknown {
  const hint = error instanceof ImgbuildError ? hintFor(answeredStatus(error), unit, config) : undefined;
  if (hint === undefined || !(error instanceof ImgbuildError)) return error;
  const { position, cause, related } = error;
  return new ImgbuildError(error.code, error.message, { hint, position, cause, related });
}

function hintFor(status: number | undefined, unit: NpmPackage, config: NpmConfig): string | undefined {
  const { name, version, source } = unit;
  if (source.from !== "registry") return undefined;
  const [scope] = name.startsWith("@") ? name.split("/") : [];
  const registry = registryFor(config, name);
  const where = registry === undefined ? "" : ` --registry=${registry}`;
  const login = `npm login${scope === undefined ? "" : ` --scope=${scope}`}${where}`;
  if (status === 401) return `Log in with \`${login}\`, or put a token for this host into .npmrc`;
  if (status === 403)
    return `Check with \`npm whoami${where}\` that the account may read it, or log in with \`${login}\``;
  if (status !== 404) return undefined;
  const scoped =
    scope === undefined ? "" : `; if ${scope} has a registry of its own, name it in .npmrc: ${scope}:registry=…`;
  return `Check that the registry has it: \`npm view ${name}@${version} dist.tarball${where}\` (some hide what needs a login)${scoped}`;
}

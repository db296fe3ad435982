import type { Address } from "@imgbuild/fetch";
import { type NpmConfig, registryFor, tarballRequest } from "@imgbuild/npm";
import type { NpmAccess } from "./npm-access.ts";
import type { NpmPackage } from "./package-origin.ts";

/** Where the user's npm would fetch a package that is no file of the workspace. npm itself is asked only for what files do not say. */
export async function tarballAddresses(access: NpmAccess, unit: NpmPackage): Promise<readonly Address[]> {
  const request = tarballRequest(await configFor(access, unit), unit);
  if (request === undefined) return [];
  const { url, authorization } = request;
  return [authorization === undefined ? url : { url, headers: { authorization } }];
}

async function configFor(access: NpmAccess, { name, source }: NpmPackage): Promise<NpmConfig> {
  let { config } = access;
  if (source.from !== "registry") return config;
  if (registryFor(config, name) === undefined) config = { ...config, registry: await access.registry() };
  const registry = registryFor(config, name);
  const { resolved } = source;
  const isForeign =
    resolved !== undefined && registry !== undefined && new URL(resolved).host !== new URL(registry).host;
  if (!isForeign || config.replaceRegistryHost !== "npmjs") return config;
  return { ...config, defaultRegistry: await access.defaultRegistry() };
}

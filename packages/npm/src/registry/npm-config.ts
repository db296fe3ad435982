import { type NpmrcSettings, readNpmrc } from "./npmrc.ts";

/** What a user's npm configuration says of fetching packages. */
export interface NpmConfig {
  /** Ends with `/`. Undefined when nothing names one and no default was given. */
  readonly registry: string | undefined;
  /** `@scope` → registry. */
  readonly scopes: ReadonlyMap<string, string>;
  /** `//host/path/:_authToken` and the like → value. Secret; ask {@link authorizationFor} instead. */
  readonly credentials: ReadonlyMap<string, string>;
  readonly proxy: { readonly http?: string; readonly https?: string; readonly noProxy?: string };
  /** File with authorities to trust; read by the caller. */
  readonly cafile: string | undefined;
  /** Authorities to trust, PEM. */
  readonly ca: readonly string[];
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** False accepts any certificate. */
  readonly strictSsl: boolean;
  /** npm's own cache (`cache`); tarballs are in `_cacache` below it. */
  readonly cacheDirectory: string;
  /** Which hosts in a lock are replaced by the registry: `npmjs` (the default registry's), `always`, `never`, a host. */
  readonly replaceRegistryHost: string;
  readonly defaultRegistry: string | undefined;
  /** Sentences for the user; no secrets in them. */
  readonly warnings: readonly string[];
}

/** Where an npm configuration comes from. */
export interface NpmConfigSources {
  /** Texts of .npmrc files, strongest first: project, user, global. */
  readonly npmrcTexts: readonly string[];
  /** The environment: `npm_config_…` is stronger than any file; proxies as npm reads them; `${NAME}` in files. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homedir: string;
  /** The registry that npm itself uses when nothing names one. */
  readonly defaultRegistry?: string | undefined;
}

/** Reads an npm configuration. Pure: the caller reads the files. Never throws: what is wrong becomes a warning. */
export function npmConfigFrom(sources: NpmConfigSources): NpmConfig {
  const { env, homedir } = sources;
  const settings = merged([environmentSettings(env), ...sources.npmrcTexts.map((text) => readNpmrc(text, env))]);
  const text = (key: string): string | undefined => {
    const value = settings.get(key);
    const one = typeof value === "string" ? value : value?.at(-1);
    return one === undefined || one === "" || one === "null" || one === "undefined" ? undefined : one;
  };
  const warnings: string[] = [];
  const defaultRegistry = sources.defaultRegistry === undefined ? undefined : withSlash(sources.defaultRegistry);
  const ca = settings.get("ca");
  return {
    registry: registryOf(text("registry"), "registry", warnings) ?? defaultRegistry,
    scopes: scopesOf(settings, warnings),
    credentials: credentialsOf(settings, warnings),
    proxy: proxyOf(text, env),
    cafile: homePath(text("cafile"), homedir),
    ca: (typeof ca === "string" ? [ca] : (ca ?? [])).filter((pem) => pem !== "" && pem !== "null").map(newLines),
    cert: newLinesOf(text("cert")),
    key: newLinesOf(text("key")),
    strictSsl: text("strict-ssl") !== "false",
    cacheDirectory: homePath(text("cache"), homedir) ?? `${homedir}/.npm`,
    replaceRegistryHost: text("replace-registry-host") ?? "npmjs",
    defaultRegistry,
    warnings,
  };
}

/** `registry` of the scope of a package, else the registry for all. */
export function registryFor(config: NpmConfig, name: string): string | undefined {
  const scope = /^(@[^/]+)\//.exec(name)?.[1];
  return (scope === undefined ? undefined : config.scopes.get(scope)) ?? config.registry;
}

function environmentSettings(env: NpmConfigSources["env"]): NpmrcSettings {
  const settings = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    const raw = /^npm_config_(.+)$/i.exec(name)?.[1];
    if (raw === undefined || value === undefined || value === "") continue;
    settings.set(raw.startsWith("//") ? raw : raw.toLowerCase().replace(/(?!^)_/g, "-"), value);
  }
  return settings;
}

function merged(all: readonly NpmrcSettings[]): NpmrcSettings {
  const settings = new Map<string, string | readonly string[]>();
  for (const layer of all) for (const [key, value] of layer) if (!settings.has(key)) settings.set(key, value);
  return settings;
}

function scopesOf(settings: NpmrcSettings, warnings: string[]): ReadonlyMap<string, string> {
  const scopes = new Map<string, string>();
  for (const [key, value] of settings) {
    const scope = /^(@[^/:]+):registry$/.exec(key)?.[1];
    if (scope === undefined || typeof value !== "string") continue;
    const registry = registryOf(value, key, warnings);
    if (registry !== undefined) scopes.set(scope, registry);
  }
  return scopes;
}

function credentialsOf(settings: NpmrcSettings, warnings: string[]): ReadonlyMap<string, string> {
  const credentials = new Map<string, string>();
  for (const [key, value] of settings) {
    if (!/^\/\/.*:(?:_authToken|_auth|username|_password|certfile|keyfile)$/.test(key)) {
      if (/^_auth(?:Token)?$|^_password$/.test(key)) warnings.push(`npm's "${key}" without a host is not used`);
      continue;
    }
    if (typeof value !== "string") continue;
    const unset = /\$\{([^${}?]+)\}/.exec(value)?.[1];
    if (unset === undefined) credentials.set(key, value);
    else warnings.push(`npm's "${key}" is not used: the variable "${unset}" is not set`);
  }
  return credentials;
}

function registryOf(value: string | undefined, key: string, warnings: string[]): string | undefined {
  if (value === undefined) return undefined;
  if (/^https?:\/\/[^/?#]/.test(value) && URL.canParse(value)) return withSlash(value);
  warnings.push(`npm's "${key}" is not used: it is no http or https address`);
  return undefined;
}

function proxyOf(text: (key: string) => string | undefined, env: NpmConfigSources["env"]): NpmConfig["proxy"] {
  const variable = (name: string) => env[name] || env[name.toUpperCase()] || undefined;
  const choose = (given: string | undefined, fallback: string | undefined) =>
    given === "false" ? undefined : (given ?? fallback);
  const http = choose(text("proxy") ?? text("http-proxy"), variable("http_proxy"));
  const https = choose(text("https-proxy"), variable("https_proxy") ?? http);
  const noProxy = text("noproxy") ?? variable("no_proxy");
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    ...(noProxy === undefined ? {} : { noProxy }),
  };
}

function homePath(path: string | undefined, homedir: string): string | undefined {
  return path?.replace(/^~(?=\/|$)/, () => homedir);
}

function withSlash(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}

function newLines(pem: string): string {
  return pem.replaceAll("\\n", "\n");
}

function newLinesOf(pem: string | undefined): string | undefined {
  return pem === undefined ? undefined : newLines(pem);
}

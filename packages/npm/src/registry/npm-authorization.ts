import { type NpmConfig, registryFor } from "./npm-config.ts";

/** What npm would prove itself with at an address. */
export interface NpmAuthorization {
  /** Header to send to this host alone; undefined when there is none. */
  readonly authorization: string | undefined;
  /** Files of a client certificate; read by the caller. */
  readonly certfile: string | undefined;
  readonly keyfile: string | undefined;
}

const NONE: NpmAuthorization = { authorization: undefined, certfile: undefined, keyfile: undefined };

/**
 * The credentials for an address: those of the longest `//host/path/` of the configuration that it lies under; else those
 * of the registry of package `name` when that is on the same host, since registries keep tarballs beside their own path
 * (npm-registry-fetch). Never those of another host or port.
 */
export function authorizationFor(config: NpmConfig, url: string, name?: string): NpmAuthorization {
  const own = under(config, new URL(url));
  if (own !== undefined) return own;
  const registry = registryFor(config, name ?? "");
  if (registry === undefined || new URL(registry).host !== new URL(url).host) return NONE;
  return under(config, new URL(registry)) ?? NONE;
}

function under(config: NpmConfig, url: URL): NpmAuthorization | undefined {
  const { credentials } = config;
  for (let key = `//${url.host}${url.pathname}`; key.length > 2; key = key.replace(/(?:[^/]+|\/)$/, "")) {
    const token = credentials.get(`${key}:_authToken`);
    const pair = credentials.get(`${key}:_auth`) ?? userAndPassword(credentials, key);
    const certfile = credentials.get(`${key}:certfile`);
    const keyfile = credentials.get(`${key}:keyfile`);
    if (token === undefined && pair === undefined && (certfile === undefined || keyfile === undefined)) continue;
    const basic = pair === undefined ? undefined : `Basic ${pair}`;
    return { authorization: token === undefined ? basic : `Bearer ${token}`, certfile, keyfile };
  }
  return undefined;
}

function userAndPassword(credentials: ReadonlyMap<string, string>, key: string): string | undefined {
  const username = credentials.get(`${key}:username`);
  const password = credentials.get(`${key}:_password`);
  if (username === undefined || password === undefined) return undefined;
  return Buffer.from(`${username}:${Buffer.from(password, "base64").toString("utf8")}`).toString("base64");
}

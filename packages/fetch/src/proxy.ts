import { BlockList, isIP } from "node:net";
import { ImgbuildError } from "@imgbuild/errors";
import { redactUrl } from "./redact.ts";

/** Which proxies to go through. */
export interface ProxyConfig {
  /** Proxy for http addresses, e.g. `http://user:password@proxy:3128`. */
  readonly http?: string | undefined;
  /** Proxy for https addresses; it is asked for a tunnel (CONNECT), so it sees no content. */
  readonly https?: string | undefined;
  /** Hosts to reach directly, separated by commas or spaces: see {@link proxyFor}. */
  readonly noProxy?: string | undefined;
}

/** The proxies that an environment names: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy` and their upper-case forms. */
export function proxyFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxyConfig {
  const read = (name: string) => env[name] || env[name.toUpperCase()] || undefined;
  const all = read("all_proxy");
  return { http: read("http_proxy") ?? all, https: read("https_proxy") ?? all, noProxy: read("no_proxy") };
}

/**
 * The proxy for an address, or undefined to go directly. An item of `noProxy` is `*`, a host (`example.com` and
 * `.example.com` mean it and all below), an address or a range (`10.0.0.0/8`), each with an optional `:port`; hosts
 * `localhost`, `127.0.0.0/8` and `::1` need no item. Throws `usage` for a proxy that is no http or https address.
 */
export function proxyFor(url: URL, config: ProxyConfig): URL | undefined {
  const text = url.protocol === "https:" ? config.https : config.http;
  if (text === undefined || text === "" || isExcluded(url, config.noProxy ?? "")) return undefined;
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (URL.canParse(full)) {
    const proxy = new URL(full);
    if ((proxy.protocol === "http:" || proxy.protocol === "https:") && proxy.hostname !== "") return proxy;
  }
  throw new ImgbuildError("usage", `Cannot use the proxy "${redactUrl(full)}": wanted an http or https address`, {
    hint: 'Write it as "http://host:port"',
  });
}

function isExcluded(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (host === "localhost" || host === "::1" || /^127(?:\.\d+){3}$/.test(host)) return true;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((item) => item !== "" && matches(item, host, port));
}

function matches(item: string, host: string, port: string): boolean {
  if (item === "*") return true;
  const [, bracketed, plain, wantedPort] = /^(?:\[([^\]]+)\]|([^:]*|.*:.*:.*?))(?::(\d+))?$/.exec(item) ?? [];
  const pattern = bracketed ?? plain ?? item;
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const [network = "", bits] = pattern.split("/");
  if (bits !== undefined) return inRange(host, network, Number(bits));
  const name = pattern.replace(/^\*?\./, "");
  return host === name || (isIP(host) === 0 && name !== "" && host.endsWith(`.${name}`));
}

function inRange(host: string, network: string, bits: number): boolean {
  const family = isIP(network) === 6 ? "ipv6" : "ipv4";
  const fits =
    isIP(network) !== 0 && isIP(network) === isIP(host) && bits >= 0 && bits <= (family === "ipv6" ? 128 : 32);
  if (!fits || !Number.isInteger(bits)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family);
  return list.check(host, family);
}

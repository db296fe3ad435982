import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { BlockList, isIP } from "node:net";
import type { Agents } from "./agents.ts";
import { AttemptFailure } from "./attempt-failure.ts";
import { redactUrl } from "./redact.ts";
import { IdleTimeout, transportFailure } from "./transport-failure.ts";
import { proxyAuthorization } from "./tunnel-agent.ts";

/** One GET, redirects included. */
export interface ExchangeOptions {
  readonly agents: Agents;
  /** Sent to the host of the first address alone: they may hold credentials. */
  readonly privateHeaders: Readonly<Record<string, string>>;
  /** Sent to every host on the way. */
  readonly headers: Readonly<Record<string, string>>;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal;
}

const MAX_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Asks for an address and follows redirects. The response is not a redirect, and its body is to be read by the caller.
 * Credentials never reach another origin; a redirect from https to http, or from elsewhere to this machine or its link,
 * is refused. Throws {@link AttemptFailure}.
 */
export async function exchange(address: string, options: ExchangeOptions): Promise<IncomingMessage> {
  const first = parseAddress(address);
  const origin = first.origin;
  const credentials = { ...basicAuthorization(first), ...options.privateHeaders };
  let url = first;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const headers = { ...options.headers, ...(url.origin === origin ? credentials : {}) };
    const response = await sendAgain(url, headers, options);
    const { location } = response.headers;
    if (!REDIRECTS.has(response.statusCode ?? 0)) return response;
    response.destroy();
    if (location === undefined) throw new AttemptFailure("refused", "the server answered with a redirect to nowhere");
    url = redirected(url, location, first);
  }
  throw new AttemptFailure("refused", `the server redirects more than ${MAX_REDIRECTS} times`);
}

function parseAddress(address: string): URL {
  if (URL.canParse(address)) {
    const url = new URL(address);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  }
  throw new AttemptFailure("refused", "it is no http or https address");
}

function redirected(from: URL, location: string, first: URL): URL {
  if (!URL.canParse(location, from.href))
    throw new AttemptFailure("refused", "the server redirects to no valid address");
  const url = new URL(location, from);
  const shown = redactUrl(url);
  if (url.protocol !== "https:" && (url.protocol !== "http:" || from.protocol === "https:")) {
    throw new AttemptFailure("refused", `the server redirects from https to "${shown}"`);
  }
  if (isThisMachine(url) && !isThisMachine(first)) {
    throw new AttemptFailure("refused", `the server redirects to "${shown}", an address of this machine or its link`);
  }
  return url;
}

/** This machine and its link; made at the first redirect. */
let local: BlockList | undefined;

function localAddresses(): BlockList {
  const list = new BlockList();
  list.addSubnet("127.0.0.0", 8);
  list.addSubnet("0.0.0.0", 8);
  list.addSubnet("169.254.0.0", 16);
  list.addAddress("::1", "ipv6");
  list.addAddress("::", "ipv6");
  list.addSubnet("fe80::", 10, "ipv6");
  return list;
}

function isThisMachine(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const family = isIP(host);
  if (family === 0) return host === "localhost" || host.endsWith(".localhost");
  local ??= localAddresses();
  return local.check(host, family === 6 ? "ipv6" : "ipv4");
}

function basicAuthorization(url: URL): Record<string, string> {
  if (url.username === "" && url.password === "") return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** Sends; a kept connection that the server closed meanwhile is no failure, so it is tried once more on another. */
async function sendAgain(
  url: URL,
  headers: Record<string, string>,
  options: ExchangeOptions,
): Promise<IncomingMessage> {
  try {
    return await send(url, headers, options);
  } catch (error) {
    if (!(error instanceof StaleConnection) || options.signal.aborted) throw transportFailure(error);
  }
  try {
    return await send(url, headers, options);
  } catch (error) {
    throw transportFailure(error instanceof StaleConnection ? error.cause : error);
  }
}

class StaleConnection extends Error {
  override readonly name = "StaleConnection";
}

function send(url: URL, headers: Record<string, string>, options: ExchangeOptions): Promise<IncomingMessage> {
  const { agent, viaProxy } = options.agents.route(url);
  const to = viaProxy ?? url;
  const path = viaProxy === undefined ? url.pathname + url.search : `${url.origin}${url.pathname}${url.search}`;
  const client = to.protocol === "https:" ? https : http;
  const authorization = viaProxy === undefined ? {} : proxyAuthorization(viaProxy);
  return new Promise((resolve, reject) => {
    const request = client.request({
      host: to.hostname.replace(/^\[|\]$/g, ""),
      port: to.port || (to.protocol === "https:" ? 443 : 80),
      path,
      agent,
      headers: { host: url.host, ...headers, ...authorization },
      signal: options.signal,
    });
    const idle = () => request.destroy(new IdleTimeout(options.idleTimeoutMs));
    request.setTimeout(options.idleTimeoutMs, idle);
    request.once("response", (response) => {
      // Whoever reads the body hears of errors; one that comes after that concerns nobody.
      response.on("error", () => undefined);
      resolve(response);
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      reject(stale ? new StaleConnection("stale", { cause: error }) : error);
    });
    request.end();
  });
}

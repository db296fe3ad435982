import http from "node:http";
import https from "node:https";
import { type ProxyConfig, proxyFor } from "./proxy.ts";
import { tunnelAgent } from "./tunnel-agent.ts";

/** How TLS connections are made. Texts are PEM. */
export interface TlsOptions {
  /** Authorities to trust instead of those that come with Node. */
  readonly ca?: string | readonly string[] | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** False accepts any certificate. Default true. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** How to reach an address: options for `http.request` beside path and headers. */
export interface Route {
  readonly agent: http.Agent;
  /** Set for an http address behind a proxy: the request goes to it, with the whole address as its path. */
  readonly viaProxy: URL | undefined;
}

/** Keep-alive agents of one fetcher, one a proxy. */
export class Agents {
  readonly #options: http.AgentOptions & https.AgentOptions;
  readonly #proxy: ProxyConfig;
  readonly #connectTimeoutMs: number;
  readonly #agents = new Map<string, http.Agent>();

  constructor(options: {
    readonly tls: TlsOptions;
    readonly proxy: ProxyConfig;
    readonly maxSockets: number;
    readonly connectTimeoutMs: number;
  }) {
    const { ca, cert, key, rejectUnauthorized = true } = options.tls;
    this.#options = {
      keepAlive: true,
      maxSockets: options.maxSockets,
      scheduling: "lifo",
      rejectUnauthorized,
      ...(ca === undefined ? {} : { ca: typeof ca === "string" ? ca : [...ca] }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    this.#proxy = options.proxy;
    this.#connectTimeoutMs = options.connectTimeoutMs;
  }

  route(url: URL): Route {
    const proxy = proxyFor(url, this.#proxy);
    const secure = url.protocol === "https:";
    if (proxy === undefined) {
      const agent = this.#agent(url.protocol, () => (secure ? new https.Agent(this.#options) : this.#plain(url)));
      return { agent, viaProxy: undefined };
    }
    if (!secure) return { agent: this.#agent(`proxy ${proxy.protocol}`, () => this.#plain(proxy)), viaProxy: proxy };
    const timeoutMs = this.#connectTimeoutMs;
    const agent = this.#agent(`tunnel ${proxy.href}`, () => tunnelAgent(proxy, { timeoutMs, agent: this.#options }));
    return { agent, viaProxy: undefined };
  }

  /** Closes idle and busy connections. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #plain(url: URL): http.Agent {
    return url.protocol === "https:" ? new https.Agent(this.#options) : new http.Agent(this.#options);
  }

  #agent(key: string, make: () => http.Agent): http.Agent {
    const agent = this.#agents.get(key) ?? make();
    this.#agents.set(key, agent);
    return agent;
  }
}

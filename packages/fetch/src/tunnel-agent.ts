import http from "node:http";
import https from "node:https";
import { Duplex } from "node:stream";
import { AttemptFailure } from "./attempt-failure.ts";
import { statusFailure } from "./status-failure.ts";
import { IdleTimeout } from "./transport-failure.ts";

type Callback = (error: Error | null, stream: Duplex) => void;

/**
 * An agent whose TLS connections go through a tunnel that a proxy makes (RFC 9110 §9.3.6, CONNECT). No class of its own: to
 * extend Node's would load TLS in every run, also of commands that fetch nothing.
 */
export function tunnelAgent(
  proxy: URL,
  { timeoutMs, agent: options }: { readonly timeoutMs: number; readonly agent: https.AgentOptions },
): https.Agent {
  const agent = new https.Agent(options);
  const createTlsConnection = agent.createConnection.bind(agent);
  agent.createConnection = (target: https.RequestOptions, callback?: Callback): undefined => {
    const done = (error: Error | null, stream: Duplex = new Duplex()) => callback?.(error, stream);
    const request = connectTo(target, proxy);
    request.setTimeout(timeoutMs, () => request.destroy(new IdleTimeout(timeoutMs)));
    request.once("error", (error) => done(error));
    request.once("response", (response) => {
      response.destroy();
      done(new AttemptFailure("temporary", "the proxy did not make a tunnel"));
    });
    request.once("connect", (response, socket) => {
      socket.setTimeout(0);
      const failure = statusFailure(response, 0);
      if (failure !== undefined) {
        socket.destroy();
        done(new AttemptFailure(failure.kind === "missing" ? "refused" : failure.kind, proxySaid(failure), failure));
        return;
      }
      // `socket` is an option of tls.connect, to which Node's own agent hands all options on.
      const overTunnel: https.RequestOptions & { socket: Duplex } = { ...target, socket };
      const secure = createTlsConnection(overTunnel);
      if (secure instanceof Duplex) done(null, secure);
    });
    request.end();
    return undefined;
  };
  return agent;
}

function connectTo(options: https.RequestOptions, proxy: URL): http.ClientRequest {
  const target = `${options.host ?? ""}:${options.port ?? 443}`;
  const client = proxy.protocol === "https:" ? https : http;
  return client.request({
    method: "CONNECT",
    host: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
    path: target,
    agent: false,
    headers: { host: target, ...proxyAuthorization(proxy) },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** The header with the user and password that the address of a proxy holds, if any. */
export function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === "" && proxy.password === "") return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

function proxySaid(failure: AttemptFailure): string {
  return failure.message.replace("the server", "the proxy");
}

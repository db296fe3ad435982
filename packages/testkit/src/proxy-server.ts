import http from "node:http";
import net, { type AddressInfo, type Socket } from "node:net";

/** An HTTP proxy on loopback that forwards http requests and makes tunnels. */
export interface ProxyServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** What it was asked for, oldest first: `GET http://host/path` or `CONNECT host:port`. */
  readonly asked: readonly string[];
  /** The `proxy-authorization` of each request. */
  readonly authorizations: readonly (string | undefined)[];
  close(): Promise<void>;
}

/**
 * Starts a proxy. With `authorization` it answers 407 to requests without this header. Whatever host is asked for, it
 * goes to the same port of loopback, so that tests can use names that do not exist.
 */
export async function startProxyServer(options: { readonly authorization?: string } = {}): Promise<ProxyServer> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<net.Socket>();
  const admitted = (request: http.IncomingMessage) => {
    asked.push(`${request.method} ${request.url}`);
    const given = request.headers["proxy-authorization"];
    authorizations.push(given);
    return options.authorization === undefined || given === options.authorization;
  };
  const server = http.createServer((request, response) => {
    if (!admitted(request)) {
      response.writeHead(407).end();
      return;
    }
    const url = new URL(request.url ?? "");
    const { "proxy-authorization": _, ...headers } = request.headers;
    const onward = http.request({ host: "127.0.0.1", port: url.port, path: url.pathname + url.search, headers });
    onward.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.once("error", () => response.writeHead(502).end());
    onward.end();
  });
  server.on("connect", (request: http.IncomingMessage, client: Socket) => {
    client.on("error", () => undefined);
    if (!admitted(request)) {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const target = net.connect(Number(/:(\d+)$/.exec(request.url ?? "")?.[1]), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      target.pipe(client);
      client.pipe(target);
    });
    sockets.add(target);
    target.once("error", () => client.destroy());
  });
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    authorizations,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

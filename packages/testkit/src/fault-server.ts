import { createHash } from "node:crypto";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";

/** What a {@link FaultServer} does instead of serving a file. */
export type Fault =
  /** Answers with a status, e.g. 503 with `retry-after`. */
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Sends `bytes` bytes of the body, then breaks the connection. */
  | { readonly kind: "truncate"; readonly bytes: number }
  /** Sends `bytes` bytes of the body, then nothing more. */
  | { readonly kind: "stall"; readonly bytes: number }
  /** Sends the body in pieces of `bytes` bytes, one every `everyMs`. */
  | { readonly kind: "drip"; readonly bytes: number; readonly everyMs: number }
  /** Breaks the connection without an answer. */
  | { readonly kind: "reset" }
  /** Sends a body of the right length whose first byte is another. */
  | { readonly kind: "wrong-bytes" }
  /** Answers 302, or `status`, with `location`. */
  | { readonly kind: "redirect"; readonly location: string; readonly status?: number }
  /** Serves the file only with this `authorization` header; 401 otherwise. */
  | { readonly kind: "needs-authorization"; readonly authorization: string }
  /** Serves the whole file whatever range is asked for. */
  | { readonly kind: "no-range" }
  /** Serves the range that was asked for whatever `if-range` says. */
  | { readonly kind: "ignores-if-range" }
  /** Sends the body without a length, in chunks. */
  | { readonly kind: "no-length" }
  /** Sends the body under another `content-encoding`. */
  | { readonly kind: "encoded"; readonly encoding: string; readonly body: Uint8Array };

/** A request that a server got. */
export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** An HTTP server on loopback with files and switchable faults. */
export interface FaultServer {
  /** `http://127.0.0.1:PORT`, or https on `localhost`. */
  readonly url: string;
  readonly port: number;
  /** Every request so far, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Connections accepted so far. */
  readonly connections: () => number;
  /** Puts or replaces a file; its ETag follows its content. */
  put(path: string, content: Uint8Array | string): void;
  /** Applies a fault to the next `times` requests of a path (default: all to come). Faults queue up. */
  fail(path: string, fault: Fault, times?: number): void;
  close(): Promise<void>;
}

/** Starts a {@link FaultServer}; with `tls` (PEM) it speaks https. Close it after the test. */
export async function startFaultServer(
  files: Readonly<Record<string, Uint8Array | string>> = {},
  options: { readonly tls?: { readonly cert: string; readonly key: string }; readonly etags?: boolean } = {},
): Promise<FaultServer> {
  const contents = new Map<string, Buffer>();
  const faults = new Map<string, { fault: Fault; times: number }[]>();
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    const url = request.url ?? "";
    requests.push({ method: request.method ?? "", url, headers: request.headers });
    const path = url.replace(/[?#].*$/, "").replace(/^https?:\/\/[^/]+/, "");
    serve({ request, response }, contents.get(path), {
      fault: nextFault(faults.get(path)),
      etags: options.etags ?? true,
    });
  };
  const server = options.tls === undefined ? http.createServer(handler) : https.createServer(options.tls, handler);
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const put: FaultServer["put"] = (path, content) => contents.set(path, Buffer.from(content));
  for (const [path, content] of Object.entries(files)) put(path, content);
  return {
    url: options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    port,
    requests,
    connections: () => connections,
    put,
    fail: (path, fault, times = Number.POSITIVE_INFINITY) => {
      faults.set(path, [...(faults.get(path) ?? []), { fault, times }]);
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function nextFault(queue: { fault: Fault; times: number }[] | undefined): Fault | undefined {
  const first = queue?.[0];
  if (queue === undefined || first === undefined) return undefined;
  first.times--;
  if (first.times <= 0) queue.shift();
  return first.fault;
}

function serve(
  { request, response }: Exchange,
  content: Buffer | undefined,
  { fault, etags }: { readonly fault: Fault | undefined; readonly etags: boolean },
): void {
  if (fault?.kind === "reset") {
    request.socket.destroy();
  } else if (fault?.kind === "status") {
    response.writeHead(fault.status, fault.headers).end(`status ${fault.status}`);
  } else if (fault?.kind === "redirect") {
    response.writeHead(fault.status ?? 302, { location: fault.location }).end();
  } else if (fault?.kind === "needs-authorization" && request.headers.authorization !== fault.authorization) {
    response.writeHead(401, { "www-authenticate": "Basic" }).end("who are you?");
  } else if (content === undefined) {
    response.writeHead(404).end("nothing here");
  } else {
    serveFile({ request, response }, content, { fault, etags });
  }
}

function serveFile(
  { request, response }: Exchange,
  content: Buffer,
  { fault, etags }: { readonly fault: Fault | undefined; readonly etags: boolean },
): void {
  const etag = `"${createHash("sha256").update(content).digest("hex").slice(0, 16)}"`;
  const start = rangeStart(request, { etag, fault });
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, { etag }).end();
    return;
  }
  if (start !== undefined && start >= content.length) {
    response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
    return;
  }
  const body = fault?.kind === "encoded" ? Buffer.from(fault.body) : Buffer.from(content.subarray(start ?? 0));
  if (fault?.kind === "wrong-bytes" && body.length > 0) body[0] = (body[0] ?? 0) ^ 0xff;
  const last = content.length - 1;
  response.writeHead(start === undefined ? 200 : 206, {
    ...(etags ? { etag } : {}),
    ...(fault?.kind === "no-length" ? {} : { "content-length": body.length }),
    ...(start === undefined ? {} : { "content-range": `bytes ${start}-${last}/${content.length}` }),
    ...(fault?.kind === "encoded" ? { "content-encoding": fault.encoding } : {}),
  });
  sendBody(response, body, fault);
}

function rangeStart(
  request: IncomingMessage,
  { etag, fault }: { readonly etag: string; readonly fault: Fault | undefined },
): number | undefined {
  const start = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
  const condition = request.headers["if-range"];
  if (start === undefined || fault?.kind === "no-range") return undefined;
  const holds = condition === undefined || condition === etag || fault?.kind === "ignores-if-range";
  return holds ? Number(start) : undefined;
}

function sendBody(response: ServerResponse, body: Buffer, fault: Fault | undefined): void {
  if (fault?.kind === "truncate") {
    response.write(body.subarray(0, fault.bytes), () => response.socket?.destroy());
  } else if (fault?.kind === "stall") {
    response.write(body.subarray(0, fault.bytes));
  } else if (fault?.kind === "drip") {
    let at = 0;
    const timer = setInterval(() => {
      response.write(body.subarray(at, at + fault.bytes));
      at += fault.bytes;
      if (at >= body.length) response.end();
      if (at >= body.length || response.destroyed) clearInterval(timer);
    }, fault.everyMs);
    response.once("close", () => clearInterval(timer));
  } else {
    response.end(body);
  }
}

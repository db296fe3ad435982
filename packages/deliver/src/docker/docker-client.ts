import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";
import type { DockerAnswer } from "./docker-answer.ts";
import { connectionError } from "./docker-errors.ts";
import type { DockerHost } from "./docker-host.ts";

/** Client certificates for a daemon behind TLS, in PEM. */
export interface DockerTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** One request to the daemon. */
export interface DockerRequest {
  readonly method: "GET" | "POST";
  /** Path with query, e.g. `/images/json?all=1`. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Sent in chunks as it comes. */
  readonly body?: AsyncIterable<Uint8Array> | undefined;
}

const MAX_ANSWER = 64 * 1024 * 1024;
const IDLE_MS = 60_000;

/** Speaks HTTP to one daemon. Close it when done. */
export class DockerClient {
  readonly #host: DockerHost;
  readonly #tls: DockerTls | undefined;
  readonly #agent: Agent;

  constructor(host: DockerHost, tls?: DockerTls) {
    this.#host = host;
    this.#tls = tls;
    const options = { keepAlive: true, maxSockets: 8 };
    this.#agent = host.kind === "tcp" && host.secure ? new TlsAgent(options) : new Agent(options);
  }

  close(): void {
    this.#agent.destroy();
  }

  /**
   * Sends a request and reads the answer, whatever its status. Throws `unavailable` when there is no daemon, `refused` when
   * this user may not speak to it, and what the body throws. An answer that comes before the body was sent ends the sending.
   */
  async send(request: DockerRequest): Promise<DockerAnswer> {
    const { signal, body } = request;
    signal.throwIfAborted();
    const outgoing = this.#open(request);
    const answer = answerOf(outgoing, body === undefined);
    // Awaited below; until then a failure must not count as unhandled.
    answer.catch(() => undefined);
    const abort = (): void => {
      outgoing.destroy();
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (body === undefined) outgoing.end();
      else await sendBody(outgoing, body, answer);
      return await answer;
    } catch (error) {
      outgoing.destroy();
      signal.throwIfAborted();
      throw connectionError(error, this.#host);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #open({ method, path, body }: DockerRequest): ClientRequest {
    const headers = body === undefined ? {} : { "Content-Type": "application/x-tar" };
    const common: RequestOptions = { method, agent: this.#agent, headers };
    if (this.#host.kind === "unix") {
      return httpRequest({
        ...common,
        path,
        socketPath: this.#host.socketPath,
        headers: { ...headers, Host: "docker" },
      });
    }
    const { hostname, port, prefix, secure } = this.#host;
    const target = { ...common, hostname, port, path: `${prefix}${path}` };
    return secure ? httpsRequest({ ...target, ...this.#tls }) : httpRequest(target);
  }
}

function answerOf(outgoing: ClientRequest, isShort: boolean): Promise<DockerAnswer> {
  return new Promise((resolve, reject) => {
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    // Loading takes as long as it takes; a question is answered at once or never.
    if (isShort) outgoing.setTimeout(IDLE_MS, () => outgoing.destroy(new Error("it does not answer")));
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MAX_ANSWER) throw new Error("its answer is too large");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

async function sendBody(
  outgoing: ClientRequest,
  body: AsyncIterable<Uint8Array>,
  answer: Promise<DockerAnswer>,
): Promise<void> {
  let answered = false;
  const end = answer.then(
    () => {
      answered = true;
    },
    () => {
      answered = true;
    },
  );
  for await (const piece of body) {
    if (answered) return;
    if (!outgoing.write(piece)) {
      await Promise.race([new Promise<void>((resolve) => outgoing.once("drain", resolve)), end]);
    }
  }
  outgoing.end();
}

import type { IncomingMessage } from "node:http";
import { AttemptFailure } from "./attempt-failure.ts";
import { retryAfterMs } from "./retry-after.ts";

/** The longest wait that a server may ask for and get. */
const LONGEST_WAIT = 120_000;

/** The failure that a response with this status stands for; undefined for 2xx and 304. */
export function statusFailure(response: Pick<IncomingMessage, "statusCode" | "headers">, now: number) {
  const status = response.statusCode ?? 0;
  if ((status >= 200 && status < 300) || status === 304) return undefined;
  const said = `the server answered ${status}`;
  if (status === 404 || status === 410) return new AttemptFailure("missing", said, { status });
  if (status >= 500 || status === 429 || status === 408 || status === 425) {
    const wait = retryAfterMs(response.headers["retry-after"], now);
    if (wait <= LONGEST_WAIT) return new AttemptFailure("temporary", said, { retryAfterMs: wait });
    return new AttemptFailure("temporary", `${said} and asks to come back in ${Math.ceil(wait / 1000)} s`, {
      retryAfterMs: Number.POSITIVE_INFINITY,
    });
  }
  if (status === 401) {
    return new AttemptFailure("refused", said, {
      status,
      challenge: response.headers["www-authenticate"],
      hint: "Give credentials for this host, e.g. a token in .npmrc",
    });
  }
  if (status === 403) {
    return new AttemptFailure("refused", said, {
      status,
      hint: "Check that the credentials for this host may read it",
    });
  }
  if (status === 407) return new AttemptFailure("refused", said, { hint: "Give the proxy's user and password" });
  return new AttemptFailure("refused", said);
}

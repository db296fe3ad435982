import { AttemptFailure } from "./attempt-failure.ts";

/** A connection on which nothing came for too long. */
export class IdleTimeout extends Error {
  override readonly name = "IdleTimeout";

  constructor(ms: number) {
    super(`nothing came for ${ms / 1000} s`);
  }
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "the connection was refused"],
  ["ECONNRESET", "the connection broke"],
  ["EPIPE", "the connection broke"],
  ["ETIMEDOUT", "the connection timed out"],
  ["EHOSTUNREACH", "the host cannot be reached"],
  ["ENETUNREACH", "the network cannot be reached"],
  ["ENOTFOUND", "the host name is unknown"],
  ["EAI_AGAIN", "the host name cannot be looked up now"],
]);
const CERTIFICATE =
  /^(?:CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;

/** The failure that an error of a socket or of Node's HTTP client stands for. */
export function transportFailure(error: unknown): AttemptFailure {
  if (error instanceof AttemptFailure) return error;
  const { code, message } = describe(error);
  if (CERTIFICATE.test(code)) {
    return new AttemptFailure("refused", `its certificate is not trusted (${message})`, {
      hint: 'Name the authority that signed it, e.g. with "cafile" in .npmrc or NODE_EXTRA_CA_CERTS',
      cause: error,
    });
  }
  const words =
    error instanceof IdleTimeout ? message : (WORDS.get(code) ?? (message || code || "the connection failed"));
  return new AttemptFailure("temporary", words, { cause: error });
}

/** Not by `instanceof Error`: errors of Node itself may come from another realm. */
function describe(error: unknown): { readonly code: string; readonly message: string } {
  if (typeof error !== "object" || error === null) return { code: "", message: String(error) };
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return { code: typeof code === "string" ? code : "", message: typeof message === "string" ? message : "" };
}

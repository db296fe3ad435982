/** What kept one try at one address from success. */
export type FailureKind =
  /** A later try may work: 5xx, 429, a broken connection, silence. */
  | "temporary"
  /** 404 or 410. */
  | "missing"
  /** 401, 403, 407, other 4xx, a bad certificate, a redirect that must not be followed. */
  | "refused"
  /** Wrong bytes. */
  | "integrity";

/** One failed try. Never leaves this package: the mirrors' summary does. */
export class AttemptFailure extends Error {
  override readonly name = "AttemptFailure";
  readonly kind: FailureKind;
  readonly hint: string | undefined;
  /** How long the server asks to wait. */
  readonly retryAfterMs: number;
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;
  /** What the server wants to know, as its `WWW-Authenticate` says. */
  readonly challenge: string | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    details: {
      readonly hint?: string | undefined;
      readonly retryAfterMs?: number;
      readonly status?: number | undefined;
      readonly challenge?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.hint = details.hint;
    this.retryAfterMs = details.retryAfterMs ?? 0;
    this.status = details.status;
    this.challenge = details.challenge;
  }
}

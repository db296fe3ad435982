import { AttemptFailure } from "./attempt-failure.ts";

/** The HTTP status that a failed download of one address ended with; undefined when it failed in another way. */
export function answeredStatus(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof AttemptFailure ? cause.status : undefined;
}

/** The `WWW-Authenticate` of a server that answered 401 to a download of one address; undefined when there was none. */
export function answeredChallenge(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof AttemptFailure ? cause.challenge : undefined;
}

import { type ErrorCode, ImgbuildError, systemCode } from "@imgbuild/errors";
import type { DockerAnswer } from "./docker-answer.ts";
import type { DockerHost } from "./docker-host.ts";

const CONNECTION: Readonly<Record<string, { code: ErrorCode; what: string; hint: string }>> = {
  ENOENT: {
    code: "unavailable",
    what: "there is no socket",
    hint: "Start dockerd, set DOCKER_HOST, or write a file with `-o`",
  },
  ECONNREFUSED: {
    code: "unavailable",
    what: "no daemon listens there",
    hint: "Start dockerd, set DOCKER_HOST, or write a file with `-o`",
  },
  ENOTFOUND: {
    code: "unavailable",
    what: "there is no host of that name",
    hint: "Correct DOCKER_HOST or the docker context, or write a file with `-o`",
  },
  EACCES: {
    code: "refused",
    what: "permission denied",
    hint: "Add this user to the group that owns the socket, or write a file with `-o`",
  },
};

/** What a failed exchange with the daemon means. Errors of our own, which come from the body, pass through. */
export function connectionError(error: unknown, host: DockerHost): ImgbuildError {
  if (error instanceof ImgbuildError) return error;
  const action = `Cannot reach Docker at "${host.text}"`;
  const known = CONNECTION[systemCode(error) ?? ""];
  if (known !== undefined) {
    return new ImgbuildError(known.code, `${action}: ${known.what}`, { hint: known.hint, cause: error });
  }
  const detail = String((error as { readonly message?: unknown } | null)?.message ?? error);
  return new ImgbuildError("unavailable", `${action}: ${detail}`, {
    hint: "Look at the daemon's log, then run the command again",
    cause: error,
  });
}

/** The error for a request that the daemon answered with no. `action`: `Cannot load the image "x" into Docker`. */
export function refusal(action: string, { status, text }: DockerAnswer): ImgbuildError {
  const code: ErrorCode = status >= 500 && /no space left on device/.test(text) ? "disk-full" : "refused";
  return new ImgbuildError(code, `${action}: the daemon says "${messageOf(text) || `status ${status}`}"`);
}

/**
 * The failure in an answer to a load: JSON objects, one a line, of which one may be an error although the status is 200.
 * Undefined when all went well.
 */
export function loadFailure({ status, text }: DockerAnswer): string | undefined {
  if (status !== 200) return messageOf(text) || `status ${status}`;
  for (const line of text.split("\n")) {
    const fields = parse(line);
    const detail = (fields?.errorDetail as { readonly message?: unknown } | undefined)?.message;
    const error = detail ?? fields?.error;
    if (error !== undefined) return String(error);
  }
  return undefined;
}

function messageOf(text: string): string {
  const message = parse(text)?.message;
  return typeof message === "string" ? message : text.trim().slice(0, 500);
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

import type { ErrorCode } from "./error-code.ts";
import { ImgbuildError } from "./imgbuild-error.ts";

const SYSTEM_ERRORS: Readonly<Record<string, { code: ErrorCode; what: string; hint?: string }>> = {
  ENOENT: { code: "input-missing", what: "no such file or directory" },
  EACCES: { code: "input-unreadable", what: "permission denied", hint: "Give this user the right to read it" },
  EPERM: { code: "input-unreadable", what: "operation not permitted" },
  ENOTDIR: { code: "input-missing", what: "a part of the path is not a directory" },
  EISDIR: { code: "io", what: "it is a directory" },
  ELOOP: { code: "io", what: "too many symbolic links" },
  ENAMETOOLONG: { code: "io", what: "the name is too long" },
  EMFILE: { code: "io", what: "too many open files", hint: "Raise the limit with `ulimit -n`" },
  EROFS: { code: "io", what: "the file system is read-only" },
  ENOSPC: { code: "disk-full", what: "no space left on the device", hint: "Free some space and run the command again" },
  EDQUOT: { code: "disk-full", what: "the disk quota is used up", hint: "Free some space and run the command again" },
};

/** The `code` of a Node system error, e.g. `ENOENT`; undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  // No instanceof: a test runner's realm has another Error.
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  const { code } = error;
  // ERR_… are Node's own, and mostly mistakes of the program; EAI_AGAIN is the system's.
  return typeof code === "string" && /^E(?!RR_)[A-Z0-9_]+$/.test(code) ? code : undefined;
}

/**
 * Turns anything thrown into an {@link ImgbuildError}. `action` says what was being done, e.g. `Cannot read "a.txt"`.
 * Our own errors pass through unchanged; known system errors get a code and plain words; the rest becomes `internal`.
 */
export function fromUnknown(error: unknown, action: string): ImgbuildError {
  if (error instanceof ImgbuildError) return error;
  const known = SYSTEM_ERRORS[systemCode(error) ?? ""];
  if (known !== undefined) {
    return new ImgbuildError(known.code, `${action}: ${known.what}`, { hint: known.hint, cause: error });
  }
  const detail =
    typeof error === "object" && error !== null && "message" in error ? String(error.message) : String(error);
  const code: ErrorCode = systemCode(error) === undefined ? "internal" : "io";
  return new ImgbuildError(code, `${action}: ${detail}`, { cause: error });
}

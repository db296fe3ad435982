import { type ErrorCode, fromUnknown, ImgbuildError, systemCode } from "@imgbuild/errors";
import { sqliteCode } from "./sqlite-code.ts";

const RIGHTS_HINT =
  "Give this user the right to write there, or choose another place with --cache-dir DIR or IMGBUILD_CACHE_DIR";
const PLACE_HINT = "Remove it, or choose another place with --cache-dir DIR or IMGBUILD_CACHE_DIR";
const SPACE_HINT = "Free some space and run the command again";

const SYSTEM: Readonly<Record<string, { what: string; hint: string }>> = {
  EACCES: { what: "permission denied", hint: RIGHTS_HINT },
  EPERM: { what: "operation not permitted", hint: RIGHTS_HINT },
  ENOENT: {
    what: "it cannot be made there, or was removed",
    hint: "Choose another place with --cache-dir DIR or IMGBUILD_CACHE_DIR",
  },
  EROFS: { what: "the file system is read-only", hint: RIGHTS_HINT },
  ENOTDIR: { what: "a part of the path is a file, wanted a directory", hint: PLACE_HINT },
  EEXIST: { what: "it is a file, wanted a directory", hint: PLACE_HINT },
  ELOOP: { what: "too many symbolic links", hint: PLACE_HINT },
  ENAMETOOLONG: { what: "the path is too long", hint: PLACE_HINT },
};

const SQLITE: readonly (readonly [RegExp, ErrorCode, string, string])[] = [
  [/^SQLITE_FULL/, "disk-full", "no space left on the device", SPACE_HINT],
  [/^SQLITE_IOERR_SHM(SIZE|MAP)/, "disk-full", "its index cannot grow, most likely for lack of space", SPACE_HINT],
  [/^SQLITE_(BUSY|LOCKED|PROTOCOL)/, "unavailable", "other processes keep its index locked", "Run the command again"],
  [/^SQLITE_(READONLY|PERM|CANTOPEN)/, "cache-unusable", "its index cannot be written", RIGHTS_HINT],
  [/^SQLITE_(CORRUPT|NOTADB)/, "cache-unusable", "its index is damaged and could not be set aside", RIGHTS_HINT],
];

/** What went wrong with the cache directory, in words for its user. Our own errors pass through. */
export function storeError(error: unknown, directory: string): ImgbuildError {
  if (error instanceof ImgbuildError) return error;
  const action = `Cannot use the cache "${directory}"`;
  const system = SYSTEM[systemCode(error) ?? ""];
  if (system !== undefined) {
    return new ImgbuildError("cache-unusable", `${action}: ${system.what}`, { hint: system.hint, cause: error });
  }
  const code = sqliteCode(error);
  if (code === undefined) return fromUnknown(error, action);
  for (const [pattern, ours, what, hint] of SQLITE) {
    if (pattern.test(code)) return new ImgbuildError(ours, `${action}: ${what}`, { hint, cause: error });
  }
  return new ImgbuildError("io", `${action}: its index failed: ${String(error)}`, { cause: error });
}

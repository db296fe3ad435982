import { ImgbuildError } from "@imgbuild/errors";
import type { TarHeader } from "./tar-header.ts";
import { MAX_OCTAL_7 } from "./ustar-layout.ts";

function count(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function fault(header: TarHeader): string | undefined {
  if (header.path === "") return "its path is empty";
  if (!(header.mode >= 0 && header.mode <= 0o7777 && Number.isInteger(header.mode))) {
    return `its mode is ${header.mode}, wanted 0 to 0o7777`;
  }
  if (!count(header.uid) || !count(header.gid)) return `its owner is ${header.uid}:${header.gid}, wanted whole numbers`;
  if (!count(header.size)) return `its size is ${header.size}, wanted a whole number`;
  if (header.size > 0 && header.type !== "file") return `it is a ${header.type} of size ${header.size}, wanted 0`;
  if (!Number.isSafeInteger(header.mtime)) return `its time is ${header.mtime}, wanted whole seconds`;
  if (!count(header.devMajor) || !count(header.devMinor) || Math.max(header.devMajor, header.devMinor) > MAX_OCTAL_7) {
    return `its device is ${header.devMajor}:${header.devMinor}, wanted numbers up to ${MAX_OCTAL_7}`;
  }
  const isLink = header.type === "symlink" || header.type === "hardlink";
  if (isLink !== (header.linkname !== "")) return `it is a ${header.type} with the link target "${header.linkname}"`;
  return undefined;
}

/** Throws `internal` for a header that no tar archive can say: whoever made it has a bug. Texts are checked elsewhere. */
export function checkHeader(header: TarHeader): void {
  const reason = fault(header);
  if (reason !== undefined) throw headerError(header.path, reason);
}

/** The error for a header that cannot be written. */
export function headerError(path: string, reason: string): ImgbuildError {
  return new ImgbuildError("internal", `Cannot write tar header "${path}": ${reason}`);
}

import { ImgbuildError } from "@imgbuild/errors";

/**
 * A path below an archive's root that is safe to join to a mirror's URL or a directory: relative, without `..`, `.` and
 * empty components, and of characters that need no quoting. Throws `path-escape` naming `where` it was read.
 */
export function safeArchivePath(path: string, where: string): string {
  const plain = path.replace(/^(?:\.\/)+/, "");
  const parts = plain.split("/");
  const sound = parts.every((part) => part !== "" && part !== "." && part !== "..");
  if (
    sound &&
    /^[A-Za-z0-9+_.,:~=@%^/-]+$/.test(plain) &&
    !/^[A-Za-z][A-Za-z0-9+.-]*:\/?\//.test(plain) &&
    !/%(?:2[ef]|5c)/i.test(plain)
  ) {
    return plain;
  }
  throw new ImgbuildError(
    "path-escape",
    `Cannot use path ${JSON.stringify(path)} of "${where}": it leaves the archive`,
  );
}

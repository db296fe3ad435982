import { ImgbuildError } from "@imgbuild/errors";

const SLASH = 0x2f;
const DOT = 0x2e;

/** Takes trailing `/` away. */
export function trimSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path.charCodeAt(end - 1) === SLASH) end -= 1;
  return path.slice(0, end);
}

/** Takes leading `/` and `./` and trailing `/` away; the root itself becomes the empty string. */
export function memberPath(written: string): string {
  const path = trimSlashes(written);
  let start = 0;
  for (;;) {
    if (path.charCodeAt(start) === SLASH) start += 1;
    else if (path.charCodeAt(start) === DOT && path.charCodeAt(start + 1) === SLASH) start += 2;
    else break;
  }
  const plain = path.slice(start);
  return plain === "." ? "" : plain;
}

/**
 * The one spelling of a member's path: without empty and `.` components, and without a leading or trailing `/`; the root
 * is the empty string. Throws `path-escape` when a component is `..`.
 */
export function safePath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) {
    throw new ImgbuildError("path-escape", `Cannot use archive member "${path}": its path leaves the archive by ".."`);
  }
  return parts.join("/");
}

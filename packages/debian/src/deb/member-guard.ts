import { ImgbuildError } from "@imgbuild/errors";
import { safePath, type TarHeader } from "@imgbuild/tar";

/**
 * Sees that the members of one package stay below its root: none has `..` in its path or goes through a symlink that the
 * package brought before, hard links are to files of the package, and no two members claim one path.
 */
export class MemberGuard {
  readonly #package: string;
  readonly #types = new Map<string, TarHeader["type"]>();

  constructor(packageName: string) {
    this.#package = packageName;
  }

  /** The member with its path (and a hard link's target) in its one spelling. Throws `path-escape`, `invalid-archive`. */
  check(header: TarHeader): TarHeader {
    const path = this.#inside(header.path);
    const known = this.#types.get(path);
    if (known !== undefined && (known !== "directory" || header.type !== "directory")) {
      throw this.#error("invalid-archive", header.path, `it is there twice, as ${known} and as ${header.type}`);
    }
    if (path === "" && header.type !== "directory") {
      throw this.#error("path-escape", header.path, `it is the root, and a ${header.type}`);
    }
    if (header.type !== "hardlink") {
      this.#types.set(path, header.type);
      return { ...header, path };
    }
    const linkname = this.#inside(header.linkname);
    if (this.#types.get(linkname) !== "file") {
      throw this.#error(
        "invalid-archive",
        header.path,
        `it is a hard link to "${linkname}", no earlier file of the package`,
      );
    }
    this.#types.set(path, "file");
    return { ...header, path, linkname };
  }

  #inside(written: string): string {
    let path: string;
    try {
      path = safePath(written);
    } catch (error) {
      throw this.#error("path-escape", written, 'it leaves the package by ".."', error);
    }
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const parent = path.slice(0, slash);
      const type = this.#types.get(parent);
      if (type === "symlink") {
        throw this.#error("path-escape", written, `it goes through the symlink "${parent}" of the same package`);
      }
      if (type !== undefined && type !== "directory") {
        throw this.#error("invalid-archive", written, `it lies below "${parent}", which is a ${type}`);
      }
    }
    return path;
  }

  #error(code: "path-escape" | "invalid-archive", path: string, reason: string, cause?: unknown): ImgbuildError {
    return new ImgbuildError(code, `Cannot unpack "${path}" of package "${this.#package}": ${reason}`, { cause });
  }
}

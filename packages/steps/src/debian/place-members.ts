import { mergedUsrPath } from "@imgbuild/debian";
import { ImgbuildError } from "@imgbuild/errors";
import type { TarHeader } from "@imgbuild/tar";

/** A directory of the root that is a link into `/usr` on every image. */
const MERGED = /^(?:bin|sbin|lib|lib32|lib64|libo32|libx32)$/;

/** Where the members of a package come to lie on a merged `/usr`. Paths that leave the root were refused before. */
export class PlacedMembers {
  readonly #package: string;
  readonly #types = new Map<string, TarHeader["type"]>();

  constructor(packageName: string) {
    this.#package = packageName;
  }

  /**
   * The path of a member, undefined for one that is not written: a directory that is there, and the links of a merged `/usr`
   * themselves, which are made for all packages at once. Throws `unsupported` for devices, `invalid-archive` for two members
   * that come to one path, and for names that no layer can have.
   */
  place(header: TarHeader): string | undefined {
    if (!["file", "directory", "symlink", "hardlink"].includes(header.type)) {
      throw this.#error("unsupported", header, `it is a ${header.type}, which no image of packages has`);
    }
    if (/(?:^|\/)\.wh\./.test(header.path)) {
      throw this.#error("invalid-archive", header, "its name means deletion in a layer");
    }
    if (header.type === "symlink" && MERGED.test(header.path)) return undefined;
    const path = mergedUsrPath(header.path);
    const there = this.#types.get(path);
    if (there === undefined) {
      this.#types.set(path, header.type);
      return path;
    }
    if (there === "directory" && header.type === "directory") return undefined;
    // `/bin/x` and a link `/usr/bin/x` to it are one file here.
    if (
      header.type === "symlink" &&
      there !== "directory" &&
      mergedUsrPath(header.linkname.replace(/^\//, "")) === path
    )
      return undefined;
    throw this.#error(
      "invalid-archive",
      header,
      `on a merged /usr it comes to "/${path}", where the package has a ${there}`,
    );
  }

  #error(code: "unsupported" | "invalid-archive", { path }: TarHeader, reason: string): ImgbuildError {
    return new ImgbuildError(code, `Cannot unpack "${path}" of package "${this.#package}": ${reason}`);
  }
}

import { ImgbuildError } from "@imgbuild/errors";
import { safePath, type TarHeader } from "@imgbuild/tar";

/** Decides where the members of a package's tarball go. */
export class PackageFiles {
  /** Every file so far. */
  readonly paths = new Set<string>();
  readonly #title: string;
  readonly #directories = new Set<string>();

  constructor(title: string) {
    this.#title = title;
  }

  /**
   * The path of a member in the package; undefined for what npm does not unpack: links, devices, directories of their own, and
   * what has no directory around it. Of two with one path the later counts. Throws `path-escape`, and `invalid-archive` for names that no image can have.
   */
  place(header: TarHeader): string | undefined {
    if (header.type !== "file") return undefined;
    const path = this.#renamed(this.#inside(header.path));
    if (path === undefined) return undefined;
    const parents = path
      .split("/")
      .slice(0, -1)
      .map((_, i, all) => all.slice(0, i + 1).join("/"));
    const blocked =
      parents.find((parent) => this.paths.has(parent)) ?? (this.#directories.has(path) ? path : undefined);
    if (blocked !== undefined) throw this.#bad(`"${blocked}" is a file and a directory`);
    for (const parent of parents) this.#directories.add(parent);
    this.paths.add(path);
    return path;
  }

  #inside(member: string): string {
    // Before anything is taken away: `package/../x` must not become `x`.
    const full = member.split("/").includes("..") ? this.#escapes(member) : safePath(member);
    const path = full.slice(full.indexOf("/") + 1);
    if (!full.includes("/")) return "";
    if (/(?:^|\/)\.wh\./.test(path)) throw this.#bad(`"${path}" has a name that means deletion in a layer`);
    return path;
  }

  /** Packages are published without .gitignore; npm keeps one that is there all the same as .npmignore. */
  #renamed(path: string): string | undefined {
    if (path === "") return undefined;
    if (!/(?:^|\/)\.gitignore$/.test(path)) return path;
    const other = path.replace(/\.gitignore$/, ".npmignore");
    return this.paths.has(other) ? undefined : other;
  }

  #escapes(member: string): never {
    throw new ImgbuildError(
      "path-escape",
      `Cannot unpack the package "${this.#title}": its file ${JSON.stringify(member)} leaves the package`,
      { hint: "Do not use this package: nothing that is published in good faith has such a path" },
    );
  }

  #bad(what: string): ImgbuildError {
    return new ImgbuildError("invalid-archive", `Cannot unpack the package "${this.#title}": ${what}`);
  }
}

import { ImgbuildError } from "@imgbuild/errors";
import type { UnpackArgs } from "@imgbuild/graph";
import { makeSelection, type Selection } from "../path/selection.ts";
import { parentOf } from "../tree/follow-links.ts";

type Kind = "file" | "directory" | "symlink";

/** Decides where members of an archive go, and refuses those that would do harm or could not be placed. */
export class ArchiveTree {
  /** Members so far, and how many of them are kept. */
  members = 0;
  kept = 0;
  readonly #strip: number;
  readonly #selection: Selection;
  readonly #title: string;
  readonly #kinds = new Map<string, Kind>();
  /** Where members came to be, by their path in the archive: for hard links. */
  readonly #places = new Map<string, string>();

  /** `title` names the archive in messages. */
  constructor(args: UnpackArgs, title: string) {
    this.#strip = args.strip;
    this.#selection = makeSelection(args.include, args.exclude);
    this.#title = title;
  }

  /**
   * The place of a member; undefined when it is not wanted. Throws `path-escape` for `..` and for what lies behind a link,
   * `invalid-archive` for what is a file and a directory, and for names that no layer can have.
   */
  place(member: string, kind: Kind): string | undefined {
    this.members += 1;
    // Before anything is taken away: `a/../x` must not become `x`.
    const parts = member.split("/").filter((part) => part !== "" && part !== ".");
    if (parts.includes("..")) throw this.#escapes(member, 'its path leaves the archive by ".."');
    const path = parts.slice(this.#strip).join("/");
    if (path === "" || !this.#wants(path, kind)) return undefined;
    if (/(?:^|\/)\.wh\./.test(path)) throw this.bad(member, "names that begin with .wh. mean deletion in a layer");
    for (let above = parentOf(path); above !== ""; above = parentOf(above)) {
      const there = this.#kinds.get(above);
      if (there === "directory") break;
      if (there === "symlink") throw this.#escapes(member, `it lies behind the symbolic link "${above}"`);
      if (there === "file") throw this.bad(member, `"${above}" is a file, and has something below it`);
      this.#kinds.set(above, "directory");
    }
    const there = this.#kinds.get(path);
    if (there !== undefined && there !== kind && (there === "directory" || kind === "directory"))
      throw this.bad(member, `there is a ${there} of that name before it`);
    this.#kinds.set(path, kind);
    this.#places.set(parts.join("/"), path);
    this.kept += 1;
    return path;
  }

  /** Throws `path-escape` for a relative link that leads out of what is unpacked. Absolute ones are mere text. */
  checkLink(member: string, { path, target }: { readonly path: string; readonly target: string }): void {
    if (target.startsWith("/")) return;
    let depth = path.split("/").length - 1;
    for (const part of target.split("/")) {
      if (part === "..") depth -= 1;
      else if (part !== "" && part !== ".") depth += 1;
      if (depth < 0) throw this.#escapes(member, `it is a symbolic link to "${target}", which is outside`);
    }
  }

  /** Where the file that the hard link at `path` names came to be. Throws `invalid-archive` when there is none. */
  linked(member: string, { path, target }: { readonly path: string; readonly target: string }): string {
    const parts = target.split("/").filter((part) => part !== "" && part !== ".");
    const found = this.#places.get(parts.join("/"));
    if (found !== undefined && found !== path && this.#kinds.get(found) === "file") return found;
    const left = "which is no file before it, or is left out by strip, include or exclude";
    throw this.bad(member, `it is a hard link to "${target}", ${left}`);
  }

  /** Throws `definition` when members are there and none is wanted. */
  checkKept(): void {
    if (this.members === 0 || this.kept > 0) return;
    throw new ImgbuildError("definition", `Cannot unpack ${this.#title}: none of its ${this.members} members is left`, {
      hint: "Correct strip, include and exclude: patterns are matched against what strip leaves of a path",
    });
  }

  /** The error for a member that cannot be unpacked. */
  bad(member: string, what: string): ImgbuildError {
    const hint = "Leave it out with exclude, if it is not needed";
    return new ImgbuildError("invalid-archive", `Cannot unpack ${JSON.stringify(member)} of ${this.#title}: ${what}`, {
      hint,
    });
  }

  #escapes(member: string, what: string): ImgbuildError {
    const hint = "Do not trust this archive; leave the member out with exclude, if you know what it is";
    return new ImgbuildError("path-escape", `Cannot unpack ${JSON.stringify(member)} of ${this.#title}: ${what}`, {
      hint,
    });
  }

  #wants(path: string, kind: Kind): boolean {
    for (let at = path; at !== ""; at = parentOf(at)) if (this.#selection.excluded(at)) return false;
    return kind === "directory" ? this.#selection.keepsEmptyDirectories : this.#selection.wanted(path);
  }
}

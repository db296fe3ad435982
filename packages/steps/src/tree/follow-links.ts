import { ImgbuildError } from "@imgbuild/errors";

/** What stands at a path, as far as links are concerned. */
export interface Standing {
  readonly type: string;
  /** Target of a symlink. */
  readonly link: string;
}

/** What is at a path of a root file system; undefined for nothing. */
export type Look = (path: string) => Standing | undefined;

const MAX_HOPS = 40;

/**
 * The directory that a path leads to, links followed as a kernel does in a container: absolute targets and `..` stay inside
 * the root. Undefined when it leads nowhere or to no directory. Throws `conflict` for links that lead in a circle.
 */
export function followLinks(path: string, look: Look): string | undefined {
  const rest = path.split("/").reverse();
  let at = "";
  let hops = 0;
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = parentOf(at);
      continue;
    }
    const next = joinPath(at, name);
    const found = look(next);
    if (found?.type === "directory") at = next;
    else if (found?.type !== "symlink") return undefined;
    else {
      hops += 1;
      if (hops > MAX_HOPS) throw circle(path);
      if (found.link.startsWith("/")) at = "";
      rest.push(...found.link.split("/").reverse());
    }
  }
  return at;
}

/** The directory of a path; the root is its own. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** A name in a directory. */
export function joinPath(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}

function circle(path: string): ImgbuildError {
  return new ImgbuildError(
    "conflict",
    `Cannot place files below "/${path}": it is a symbolic link that leads in a circle`,
    {
      hint: "Correct the link, or place the files elsewhere",
    },
  );
}

import { ImgbuildError } from "@imgbuild/errors";
import { safePath, type TarHeader } from "@imgbuild/tar";

/** What a layer has at one path, after all its members. */
export interface PlannedNode {
  readonly path: string;
  readonly header: TarHeader;
  /** Number of the member that has the content. */
  readonly member: number;
  /** True for a directory that hides what lower layers have below it. */
  opaque: boolean;
}

const WHITEOUT = ".wh.";
const MAX_LINKS = 40;

/**
 * Works out from the headers of a layer what stands where, as if it were unpacked in a directory that is `/` to it: `..` is
 * refused, links above a member are followed inside the layer and never beyond, the last of several members wins.
 */
export class UnpackPlan {
  /** By path; parents are always there, and always directories. The root is "". */
  readonly nodes = new Map<string, PlannedNode>();
  /** Paths of lower layers that this one removes. */
  readonly whiteouts = new Set<string>();
  readonly #opaque = new Set<string>();
  #members = 0;

  /** Takes the next member. Throws `invalid-archive` or `path-escape`. */
  add(header: TarHeader): void {
    const member = this.#members++;
    const written = safePath(header.path);
    const slash = written.lastIndexOf("/");
    const name = written.slice(slash + 1);
    if (written === "") {
      if (header.type === "directory") this.nodes.set("", { path: "", header, member, opaque: false });
      return;
    }
    const parent = this.#resolve(slash < 0 ? "" : written.slice(0, slash), header.path);
    if (name.startsWith(WHITEOUT)) {
      this.#mark(parent, name.slice(WHITEOUT.length), header.path);
      return;
    }
    this.#parents(parent, member);
    this.#put({ path: join(parent, name), header: this.#link(header), member, opaque: false });
  }

  /** To be called after the last member: settles what whiteouts mean for paths that the layer has itself. */
  finish(): void {
    for (const path of this.#opaque) {
      this.#parents(path, -1);
      const node = this.nodes.get(path);
      if (node !== undefined) node.opaque = true;
    }
    for (const path of [...this.whiteouts]) {
      const node = this.nodes.get(path);
      if (node === undefined) {
        const slash = path.lastIndexOf("/");
        this.#parents(slash < 0 ? "" : path.slice(0, slash), -1);
        continue;
      }
      this.whiteouts.delete(path);
      if (node.header.type === "directory") node.opaque = true;
    }
  }

  #mark(parent: string, hidden: string, written: string): void {
    if (hidden === ".wh..opq") this.#opaque.add(parent);
    else if (hidden.startsWith(".wh.")) return;
    else if (hidden === "" || hidden === "." || hidden === "..") throw bad(written, "it is a whiteout of nothing");
    else this.whiteouts.add(join(parent, hidden));
  }

  #put(node: PlannedNode): void {
    const before = this.nodes.get(node.path);
    if (before?.header.type === "directory" && node.header.type !== "directory") {
      for (const path of [...this.nodes.keys()]) if (path.startsWith(`${node.path}/`)) this.nodes.delete(path);
    }
    this.nodes.set(node.path, node);
  }

  /** A hard link leads to a member of the same layer, through the links of the layer. */
  #link(header: TarHeader): TarHeader {
    if (header.type !== "hardlink") return header;
    const target = safePath(header.linkname);
    const slash = target.lastIndexOf("/");
    const path = join(this.#resolve(slash < 0 ? "" : target.slice(0, slash), header.path), target.slice(slash + 1));
    const node = this.nodes.get(path);
    if (node === undefined)
      throw bad(header.path, `it is a hard link to "${header.linkname}", which is not in the layer`);
    if (node.header.type === "directory")
      throw bad(header.path, `it is a hard link to the directory "${header.linkname}"`);
    return { ...header, linkname: node.header.type === "hardlink" ? node.header.linkname : path };
  }

  #parents(path: string, member: number): void {
    if (path === "" || this.nodes.get(path)?.header.type === "directory") return;
    const slash = path.lastIndexOf("/");
    this.#parents(slash < 0 ? "" : path.slice(0, slash), member);
    if (this.nodes.has(path)) throw bad(path, "it has members below it, and is no directory");
    this.nodes.set(path, { path, header: directoryHeader(path), member: -1, opaque: false });
  }

  /** The real path of a directory, following links of this layer inside it. */
  #resolve(path: string, written: string): string {
    let todo = path === "" ? [] : path.split("/");
    let at = "";
    for (let links = 0; todo.length > 0; ) {
      const [part = "", ...rest] = todo;
      todo = rest;
      if (part === "" || part === ".") continue;
      if (part === "..") {
        at = at.slice(0, Math.max(at.lastIndexOf("/"), 0));
        continue;
      }
      const next = join(at, part);
      const node = this.nodes.get(next);
      if (node?.header.type !== "symlink") {
        at = next;
        continue;
      }
      if (++links > MAX_LINKS) throw bad(written, "the links above it go round in a circle");
      const target = node.header.linkname;
      if (target.startsWith("/")) at = "";
      todo = [...target.split("/"), ...todo];
    }
    return at;
  }
}

/** A directory that nobody described. */
export function directoryHeader(path: string): TarHeader {
  const owner = { uid: 0, gid: 0, uname: "", gname: "" };
  return { path, type: "directory", mode: 0o755, ...owner, size: 0, mtime: 1, linkname: "", devMajor: 0, devMinor: 0 };
}

function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}

function bad(path: string, reason: string): ImgbuildError {
  return new ImgbuildError("invalid-archive", `Cannot unpack the layer member "${path}": ${reason}`);
}

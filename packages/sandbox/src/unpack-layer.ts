import { mkdirSync } from "node:fs";
import type { Writable } from "node:stream";
import { ImgbuildError } from "@imgbuild/errors";
import { END_OF_ARCHIVE, encodeHeader, paddingOf, readTar, type TarHeader } from "@imgbuild/tar";
import { type Abilities, idsHint } from "./abilities.ts";
import { mappedCommand, writeAll } from "./mapped-command.ts";
import { type PlannedNode, UnpackPlan } from "./unpack-plan.ts";

/** A layer to be unpacked. */
export interface UnpackOptions {
  /** The uncompressed tar; asked for twice, to plan and to unpack. */
  readonly tar: () => AsyncIterable<Uint8Array>;
  /** Absolute; made, must not be there. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/**
 * Unpacks a layer for overlayfs: whiteouts become its devices and attributes, owners are kept. Devices of the layer are left
 * out (a script has its own /dev, and the image keeps its layer). The program that writes gets a tar of our own making in which
 * no path leads through a link. Throws `invalid-archive`, `path-escape`, `disk-full`, `unsupported`, `io`.
 */
export async function unpackLayer(abilities: Abilities, options: UnpackOptions): Promise<void> {
  const plan = new UnpackPlan();
  for await (const { header } of readTar(options.tar())) {
    if (options.signal.aborted) throw new ImgbuildError("cancelled", "Cancelled while a layer was unpacked");
    plan.add(header);
  }
  plan.finish();
  mkdirSync(options.directory, { mode: 0o755 });
  await extract(abilities, { ...options, feed: (stdin) => writeAll(stdin, planned(abilities, plan, options.tar)) });
}

/** Lets tar(1) of this machine unpack what `feed` writes, as root of the mapped ids. The archive must be trustworthy. */
export async function extract(
  abilities: Abilities,
  options: {
    readonly directory: string;
    readonly signal: AbortSignal;
    readonly feed: (stdin: Writable) => Promise<void>;
  },
): Promise<void> {
  const { directory, signal, feed } = options;
  const flags = [
    "--same-owner",
    "--numeric-owner",
    "--preserve-permissions",
    "--absolute-names",
    "--xattrs",
    "--xattrs-include=*",
  ];
  const argv = [abilities.tool("tar") ?? "tar", "-x", "-f", "-", ...flags, "--warning=no-timestamp"];
  const end = await mappedCommand(abilities, argv, { feed, signal, cwd: directory });
  if (end.code === 0) return;
  const action = `Cannot unpack files for a script in "${directory}"`;
  if (/No space left|Disk quota/.test(end.stderr)) {
    throw new ImgbuildError("disk-full", `${action}: no space left on the device`, {
      hint: "Free some space and run the command again",
    });
  }
  if (/Cannot mknod/.test(end.stderr)) {
    throw new ImgbuildError("unsupported", `${action}: this file system has no room for what marks deletions`, {
      hint: "Name a directory on a local disk with --cache-dir; in a container, one on a volume",
    });
  }
  if (abilities.mode !== "root" && /Cannot change ownership/.test(end.stderr)) {
    const why =
      abilities.missingIds === "" ? "an owner is not among the subordinate ids of this user" : abilities.missingIds;
    throw new ImgbuildError("unsupported", `${action}: its files have several owners, and ${why}`, {
      hint: idsHint(abilities),
    });
  }
  throw new ImgbuildError("io", `${action}: ${lastLine(end.stderr) || `tar ended with ${end.code ?? "a signal"}`}`);
}

/** Directories first, then links and whiteouts, then files as the layer gives them: so nothing is written through a link. */
async function* planned(
  abilities: Abilities,
  plan: UnpackPlan,
  tar: () => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const opaque = abilities.mode === "root" ? "trusted.overlay.opaque" : "user.overlay.opaque";
  const files = new Map<number, PlannedNode>();
  const links: PlannedNode[] = [];
  const paths = [...plan.nodes.keys()].sort();
  for (const path of paths) {
    const node = plan.nodes.get(path);
    if (node === undefined) continue;
    if (node.header.type === "directory")
      yield member({ ...clean(node.header), path: path === "" ? "." : path }, node.opaque ? opaque : "");
    else if (node.header.type === "hardlink") links.push(node);
    else if (node.header.type === "file") files.set(node.member, node);
  }
  for (const path of paths) {
    const header = plan.nodes.get(path)?.header;
    if (header?.type === "symlink" || header?.type === "fifo") yield member({ ...clean(header), path });
    if (header?.type === "char" || header?.type === "block") yield member(whiteout(path));
  }
  for (const path of plan.whiteouts) yield member(whiteout(path));
  yield* contents(tar(), { files, linked: linksByTarget(plan, links) });
  for (const link of links) {
    const target = plan.nodes.get(link.header.linkname)?.header;
    if (target?.type === "symlink" || target?.type === "fifo") yield member({ ...clean(link.header), path: link.path });
  }
  yield END_OF_ARCHIVE;
}

/** Hard links by the path of what they lead to. */
function linksByTarget(plan: UnpackPlan, links: readonly PlannedNode[]): Map<string, PlannedNode[]> {
  const byTarget = new Map<string, PlannedNode[]>();
  for (const link of links) {
    const target = link.header.linkname;
    const type = plan.nodes.get(target)?.header.type;
    if (type === undefined || type === "directory" || type === "hardlink") {
      throw new ImgbuildError(
        "invalid-archive",
        `Cannot unpack the layer member "${link.path}": what it is a hard link to was replaced by a later member`,
      );
    }
    byTarget.set(target, [...(byTarget.get(target) ?? []), link]);
  }
  return byTarget;
}

async function* contents(
  tar: AsyncIterable<Uint8Array>,
  {
    files,
    linked,
  }: { readonly files: ReadonlyMap<number, PlannedNode>; readonly linked: ReadonlyMap<string, readonly PlannedNode[]> },
): AsyncGenerator<Uint8Array> {
  let index = 0;
  for await (const { content } of readTar(tar)) {
    const node = files.get(index++);
    if (node === undefined) continue;
    yield member({ ...clean(node.header), path: node.path });
    yield* content;
    yield new Uint8Array(paddingOf(node.header.size));
    for (const link of linked.get(node.path) ?? [])
      yield member({ ...clean(node.header), path: link.path, type: "hardlink", size: 0, linkname: node.path });
  }
}

function clean(header: TarHeader): TarHeader {
  const xattrs = new Map(
    [...(header.xattrs ?? [])].filter(
      ([name]) => !/^(trusted|user)\.(overlay|fuseoverlayfs)\./.test(name) && isKept(name),
    ),
  );
  return { ...header, uname: "", gname: "", xattrs: xattrs.size === 0 ? undefined : xattrs };
}

/** Attributes that mean the same on every machine. */
export function isKept(name: string): boolean {
  return name === "security.capability" || name.startsWith("user.");
}

function member(header: TarHeader, opaque = ""): Uint8Array {
  if (opaque === "") return encodeHeader(header);
  return encodeHeader({ ...header, xattrs: new Map([...(header.xattrs ?? []), [opaque, Buffer.from("y")]]) });
}

function whiteout(path: string): TarHeader {
  const owner = { uid: 0, gid: 0, uname: "", gname: "" };
  return { path, type: "char", mode: 0, ...owner, size: 0, mtime: 1, linkname: "", devMajor: 0, devMinor: 0 };
}

function lastLine(text: string): string {
  return (
    text
      .split("\n")
      .filter((line) => !line.includes("Exiting with failure"))
      .at(-1) ?? ""
  );
}

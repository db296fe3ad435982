import { closeSync, openSync, readSync } from "node:fs";
import { ImgbuildError } from "@imgbuild/errors";
import { StoredTreeWriter } from "@imgbuild/image";
import { type Abilities, type ChangedContent, type ChangedFile, type FoundOutput, readOutput } from "@imgbuild/sandbox";
import type { Store } from "@imgbuild/store";
import type { StoredTreeOutput } from "../tree/stored-nodes.ts";
import type { Command } from "./command-args.ts";
import { checkLinks } from "./output-links.ts";

/** Where the outputs of a command are. */
export interface CaptureOptions {
  readonly abilities: Abilities;
  /** What stands for the root of its file system. */
  readonly directory: string;
  /** An empty directory for contents that do not stay in memory. */
  readonly spool: string;
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Sees every name and every byte that is to be kept; throws for what may not be. */
  readonly inspect: (path: string, bytes: Uint8Array | undefined) => void;
  /** What there is beside, for the message of an output that is missing. */
  readonly listMade: () => readonly string[];
}

/** Puts what a command made into the store: modes are 0644 or 0755, owners the image's, links as they are. */
export async function captureOutputs(command: Command, options: CaptureOptions): Promise<StoredTreeOutput> {
  const { outputs, shape, workingDirectory } = command;
  const files = new Map<string, ChangedFile>();
  for (const [i, output] of outputs.entries()) {
    const path = `${workingDirectory.slice(1)}/${output}`;
    const spool = `${options.spool}/${i}`;
    const found = await readOutput(options.abilities, { ...options, spool, path, devices: new Map() });
    addOutput(files, { command, output, found, prefix: shape === "content" ? "" : output, options });
  }
  checkLinks(files, command);
  const writer = new StoredTreeWriter(options.store);
  try {
    for (const [path, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
      options.signal.throwIfAborted();
      await store(writer, { path, file }, { files, inspect: options.inspect });
    }
    const { listing, blobs } = writer.commit();
    const [only = ""] = outputs;
    return { tree: listing, blobs, name: only.slice(only.lastIndexOf("/") + 1), plainDirectories: true };
  } catch (error) {
    writer.abort();
    throw error;
  }
}

function addOutput(
  files: Map<string, ChangedFile>,
  made: {
    readonly command: Command;
    readonly output: string;
    readonly found: FoundOutput;
    readonly prefix: string;
    readonly options: CaptureOptions;
  },
): void {
  const { command, output, found, prefix, options } = made;
  const refuse = (what: string, hint?: string): never => {
    throw new ImgbuildError(
      "script-failed",
      `Cannot keep the output "${output}" of the command "${command.title}": ${what}`,
      { hint },
    );
  };
  if (found.kind === "missing") {
    const there = options.listMade();
    const made = there.length === 0 ? "it made nothing" : `it made ${there.map((name) => `"${name}"`).join(", ")}`;
    refuse(`there is none; in ${command.workingDirectory} ${made}`, "Correct outputs, or what the command writes");
  }
  if (found.kind === "link")
    refuse("it is a symbolic link, or lies behind one", "Name the directory that the link leads to");
  if (found.kind === "special") refuse("it is a device, pipe or socket");
  if (found.kind === "file") files.set(prefix, found.file);
  if (found.kind !== "directory") return;
  for (const file of found.files) {
    const { path, type } = file.header;
    const at = path === "." ? prefix : prefix === "" ? path : `${prefix}/${path}`;
    if (type === "char" || type === "block" || type === "fifo")
      refuse(`"${path}" in it is a ${type === "fifo" ? "pipe" : "device"}`, "Let the command remove it at its end");
    if (/(^|\/)\.wh\.[^/]*$/.test(path)) {
      if (command.root === null)
        refuse(`"${path}" in it has a name that means deletion in a layer`, "Give it another name");
      // A mark of overlayfs: something of the root was removed.
      continue;
    }
    files.set(at, file);
  }
}

async function store(
  writer: StoredTreeWriter,
  { path, file }: { readonly path: string; readonly file: ChangedFile },
  { files, inspect }: { readonly files: ReadonlyMap<string, ChangedFile>; readonly inspect: CaptureOptions["inspect"] },
): Promise<void> {
  const { header } = file;
  inspect(path, undefined);
  const owner = { uid: 0, gid: 0 };
  if (header.type === "directory") writer.add({ path, type: "directory", mode: 0o755, ...owner, target: "" });
  else if (header.type === "symlink") {
    inspect(path, Buffer.from(header.linkname));
    writer.add({ path, type: "symlink", mode: 0o777, ...owner, target: header.linkname });
  } else {
    const real = header.type === "hardlink" ? targetOf(path, header.linkname, files) : file;
    const mode = (real.header.mode & 0o100) === 0 ? 0o644 : 0o755;
    await writer.addFile({ path, mode, ...owner }, seen(path, pieces(real.content), inspect));
  }
}

/** A hard link names a member of the same output. */
function targetOf(path: string, linkname: string, files: ReadonlyMap<string, ChangedFile>): ChangedFile {
  for (let above = path; ; above = above.slice(0, above.lastIndexOf("/"))) {
    const slash = above.lastIndexOf("/");
    const found = files.get(slash < 0 ? linkname : `${above.slice(0, slash)}/${linkname}`);
    if (found?.header.type === "file") return found;
    if (slash < 0) throw new ImgbuildError("internal", `Internal error: "${path}" is a link to nothing`);
  }
}

function* seen(path: string, bytes: Iterable<Uint8Array>, inspect: CaptureOptions["inspect"]): Generator<Uint8Array> {
  for (const piece of bytes) {
    inspect(path, piece);
    yield piece;
  }
}

const PIECE = 1 << 20;

function* pieces(content: ChangedContent | undefined): Generator<Uint8Array> {
  if (content === undefined) return;
  if (content.kind === "bytes") {
    yield content.bytes;
    return;
  }
  const file = openSync(content.path, "r");
  try {
    for (let at = 0; at < content.size; ) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE, content.size - at));
      const read = readSync(file, piece, 0, piece.length, at);
      if (read === 0) throw new ImgbuildError("io", `Cannot read "${content.path}": it ends too early`);
      yield piece.subarray(0, read);
      at += read;
    }
  } finally {
    closeSync(file);
  }
}

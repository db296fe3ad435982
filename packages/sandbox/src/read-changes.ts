import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { ImgbuildError } from "@imgbuild/errors";
import { readTar, type TarHeader, type TarMember } from "@imgbuild/tar";
import type { Abilities } from "./abilities.ts";
import { type CommandEnd, mappedCommand } from "./mapped-command.ts";
import type { RecordedDevice } from "./sandbox-run.ts";
import { isKept } from "./unpack-layer.ts";

/** Where the bytes of a changed file are. `sha256` is 64 hex digits. */
export type ChangedContent =
  | { readonly kind: "disk"; readonly path: string; readonly size: number; readonly sha256: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly size: number; readonly sha256: string };

/** One member of the layer that a directory of changes stands for. */
export interface ChangedFile {
  readonly header: TarHeader;
  /** Given for files that are not empty. */
  readonly content: ChangedContent | undefined;
}

/** How to read changes. */
export interface ReadChangesOptions {
  /** The upper directory of the overlay, or the directory itself. */
  readonly directory: string;
  /** An empty directory for contents that do not stay in memory. */
  readonly spool: string;
  /** Files that stand for devices, by path without leading `/`. */
  readonly devices: ReadonlyMap<string, RecordedDevice>;
  /** {@link SandboxEnd.fileMarks} of the runs; default true. */
  readonly fileMarks?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** Every file of a layer has this time. */
const MTIME = 1;
const OPAQUE = ".wh..wh..opq";
const IN_MEMORY = 64 << 10;
const MEMORY = 64 << 20;

/**
 * What is in a directory, as members of a layer in no order: overlay's whiteouts and opaque marks in the form of tar layers,
 * owners as they are inside, times fixed, attributes of files and their capabilities, hard links. Sockets are left out. The
 * root is the member "."; hard links lead to a member. Contents on disk may be those of the directory itself. Throws `script-failed` for a name that no layer can have.
 */
export async function readChanges(abilities: Abilities, options: ReadChangesOptions): Promise<ChangedFile[]> {
  // Whom no file is closed to reads large ones where they are.
  const inPlace = abilities.mode === "root";
  const { found, end } = await readMembers(abilities, [...tarWords(abilities), "."], { ...options, inPlace });
  if (end.code !== 0) throw unreadable(end);
  return found;
}

/** The words of a tar(1) that tells all of its members; their paths follow. */
export function tarWords(abilities: Abilities): string[] {
  const flags = [
    "--format=pax",
    "--pax-option=delete=atime,delete=ctime",
    "--numeric-owner",
    "--xattrs",
    "--xattrs-include=*",
    "--warning=none",
  ];
  return [abilities.tool("tar") ?? "tar", "-c", "-f", "-", ...flags];
}

/** What a program that runs in `directory` writes as a tar. */
export async function readMembers(
  abilities: Abilities,
  argv: readonly string[],
  options: ReadChangesOptions & { readonly inPlace?: boolean },
): Promise<{ readonly found: ChangedFile[]; readonly end: CommandEnd }> {
  const found: ChangedFile[] = [];
  const reader = new Reader(options);
  const end = await mappedCommand(abilities, argv, {
    signal: options.signal,
    cwd: options.directory,
    drain: async (stdout) => {
      try {
        for await (const member of readTar(stdout as AsyncIterable<Uint8Array>))
          found.push(...(await reader.read(member)));
      } catch (error) {
        if (error instanceof ImgbuildError && /UTF-8/.test(error.message)) throw notUtf8(error);
        throw error;
      }
    },
  });
  return { found, end };
}

/** The error of a tar(1) that failed. */
export function unreadable(end: CommandEnd): ImgbuildError {
  return new ImgbuildError(
    "io",
    `Cannot read what a script left: ${end.stderr.split("\n").at(-1) || `tar ended with ${end.code ?? "a signal"}`}`,
  );
}

class Reader {
  readonly #options: ReadChangesOptions & { readonly inPlace?: boolean };
  readonly #marks = new Set<string>();
  #memory = 0;
  #spooled = 0;

  constructor(options: ReadChangesOptions & { readonly inPlace?: boolean }) {
    this.#options = options;
  }

  async read({ header, content }: TarMember): Promise<ChangedFile[]> {
    const path = header.path === "" ? "." : header.path;
    const slash = path.lastIndexOf("/");
    const [above, name] = [path.slice(0, slash + 1), path.slice(slash + 1)];
    if (name.startsWith(".wh.")) return this.#foreignMark(path, name, header);
    const plain: TarHeader = { ...header, path, mtime: MTIME, uname: "", gname: "", xattrs: kept(header) };
    if (header.type === "char" && header.devMajor === 0 && header.devMinor === 0)
      return this.#mark(`${above}.wh.${name}`);
    const device = header.type === "file" && header.size === 0 ? this.#options.devices.get(path) : undefined;
    if (device !== undefined) {
      return [
        { header: { ...plain, type: device.type, devMajor: device.major, devMinor: device.minor }, content: undefined },
      ];
    }
    if (header.type === "hardlink") return [{ header: { ...plain, xattrs: undefined }, content: undefined }];
    if (header.type === "directory" && isOpaque(header)) {
      return [{ header: plain, content: undefined }, ...this.#mark(path === "." ? OPAQUE : `${path}/${OPAQUE}`)];
    }
    if (header.type !== "file" || header.size === 0) return [{ header: plain, content: undefined }];
    return [{ header: plain, content: await this.#take(path, header.size, content) }];
  }

  async #take(at: string, size: number, content: AsyncIterable<Uint8Array>): Promise<ChangedContent> {
    const hash = createHash("sha256");
    if (size <= IN_MEMORY && this.#memory + size <= MEMORY) {
      const bytes = Buffer.allocUnsafeSlow(size);
      let offset = 0;
      for await (const piece of content) {
        bytes.set(piece, offset);
        offset += piece.length;
      }
      this.#memory += size;
      return { kind: "bytes", bytes, size, sha256: hash.update(bytes).digest("hex") };
    }
    const { inPlace, directory, spool } = this.#options;
    if (inPlace === true) {
      for await (const piece of content) hash.update(piece);
      return { kind: "disk", path: `${directory}/${at}`, size, sha256: hash.digest("hex") };
    }
    const path = `${spool}/${this.#spooled++}`;
    const file = openSync(path, "wx");
    try {
      for await (const piece of content) {
        hash.update(piece);
        for (let done = 0; done < piece.length; ) done += writeSync(file, piece, done);
      }
    } finally {
      closeSync(file);
    }
    return { kind: "disk", path, size, sha256: hash.digest("hex") };
  }

  /** A mark, once: fuse-overlayfs says the same in two ways. */
  #mark(path: string): ChangedFile[] {
    if (this.#marks.has(path)) return [];
    this.#marks.add(path);
    return [mark(path)];
  }

  /** fuse-overlayfs writes marks where it may make no devices; a script's own files of such names cannot be stored. */
  #foreignMark(path: string, name: string, header: TarHeader): ChangedFile[] {
    const mayBe = this.#options.fileMarks !== false && header.type === "file" && header.size === 0;
    if (mayBe && (name === OPAQUE || !name.startsWith(".wh..wh."))) return this.#mark(path);
    throw new ImgbuildError(
      "script-failed",
      `Cannot store "/${path}", which a script made: names that begin with .wh. mark deletions in layers`,
      {
        hint: "Give it another name",
      },
    );
  }
}

function kept(header: TarHeader): ReadonlyMap<string, Uint8Array> | undefined {
  const xattrs = new Map(
    [...(header.xattrs ?? [])].filter(
      ([name]) => isKept(name) && !/^user\.(overlay|fuseoverlayfs|containers)\./.test(name),
    ),
  );
  return xattrs.size === 0 ? undefined : xattrs;
}

function isOpaque(header: TarHeader): boolean {
  const names = ["trusted.overlay.opaque", "user.overlay.opaque", "user.fuseoverlayfs.opaque"];
  return names.some((name) => Buffer.from(header.xattrs?.get(name) ?? []).toString() === "y");
}

function mark(path: string): ChangedFile {
  const owner = { uid: 0, gid: 0, uname: "", gname: "" };
  return {
    header: { path, type: "file", mode: 0, ...owner, size: 0, mtime: MTIME, linkname: "", devMajor: 0, devMinor: 0 },
    content: undefined,
  };
}

function notUtf8(cause: ImgbuildError): ImgbuildError {
  const name = /"(.*)" is not UTF-8/.exec(cause.message)?.[1];
  const which = name === undefined ? "" : `: "${name}"`;
  return new ImgbuildError(
    "script-failed",
    `Cannot store a file that a script made: its name is not valid UTF-8${which}`,
    {
      hint: "Give it a name in UTF-8, or remove it at the end of the script",
      cause,
    },
  );
}

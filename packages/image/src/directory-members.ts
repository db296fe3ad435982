import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "@imgbuild/errors";
import { safePath } from "@imgbuild/tar";
import { streamFile } from "./file-pieces.ts";
import { invalidArchive, MAX_DOCUMENT, type Members } from "./members.ts";

/**
 * The files of a layout directory. The directory itself may be reached by a symbolic link; below it none is followed, so
 * that a layout from elsewhere cannot make us read other files.
 */
export function openDirectoryMembers(dir: string, signal: AbortSignal): Members {
  return new DirectoryMembers(dir, signal);
}

class DirectoryMembers implements Members {
  readonly label: string;
  readonly #dir: string;
  readonly #signal: AbortSignal;

  constructor(dir: string, signal: AbortSignal) {
    this.label = `"${dir}"`;
    this.#dir = dir;
    this.#signal = signal;
  }

  has(path: string): boolean {
    return this.#problemOf(path) === undefined;
  }

  list(): readonly string[] {
    return readdirSync(this.#dir).sort();
  }

  resolve(path: string): string {
    const problem = this.#problemOf(path);
    if (problem !== undefined) throw invalidArchive(this.label, problem);
    return path;
  }

  document(path: string): Buffer {
    const file = openSync(join(this.#dir, this.resolve(path)), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { size } = fstatSync(file);
      if (size <= MAX_DOCUMENT) return readFileSync(file);
      throw invalidArchive(this.label, `its "${path}" is larger than ${MAX_DOCUMENT} bytes`);
    } finally {
      closeSync(file);
    }
  }

  async visit(
    paths: ReadonlySet<string>,
    visit: (path: string, content: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void> {
    for (const path of paths) {
      this.#signal.throwIfAborted();
      await visit(path, streamFile(join(this.#dir, this.resolve(path))));
    }
  }

  /** Looks at every component, so that neither a file nor a directory on the way is a link. */
  #problemOf(path: string): string | undefined {
    const parts = safePath(path).split("/");
    for (let depth = 1; depth <= parts.length; depth++) {
      const here = parts.slice(0, depth).join("/");
      const stat = this.#stat(here);
      if (stat === undefined) return `it has no "${path}"`;
      if (stat.isSymbolicLink()) return `its "${here}" is a symbolic link, wanted the file itself`;
      if (depth < parts.length ? !stat.isDirectory() : !stat.isFile()) return `its "${here}" is of the wrong kind`;
    }
    return undefined;
  }

  #stat(path: string): ReturnType<typeof lstatSync> | undefined {
    try {
      return lstatSync(join(this.#dir, path));
    } catch (error) {
      if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
      throw error;
    }
  }
}

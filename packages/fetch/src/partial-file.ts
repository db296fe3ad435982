import { createHash } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { fromUnknown } from "@imgbuild/errors";
import { type Integrity, IntegrityHash } from "./integrity.ts";

/** What a server said of the bytes that a partial file holds. */
export interface Validator {
  /** Hash of the address they came from: the address itself may hold a secret. */
  readonly source: string;
  /** A strong ETag, or a Last-Modified date; fit for `If-Range`. */
  readonly tag: string | undefined;
}

/**
 * The beginning of a file that is being fetched: `PATH.partial`, with `PATH.partial.json` saying where it came from. It
 * outlives the process, so that a later one goes on from its end. Errors of the disk are thrown as `disk-full`, `io`, ….
 */
export class PartialFile {
  readonly hash: IntegrityHash;
  #size = 0;
  #fd: number;
  readonly #path: string;

  private constructor(path: string, fd: number, integrity: Integrity | undefined) {
    this.#path = path;
    this.#fd = fd;
    this.hash = new IntegrityHash(integrity);
  }

  /** Opens what an earlier try left, or nothing. Reads it all, for its hash. */
  static open(path: string, integrity: Integrity | undefined): PartialFile {
    return onDisk(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      const partial = new PartialFile(path, openSync(partialPath(path), "a+", 0o600), integrity);
      partial.#readAll();
      return partial;
    });
  }

  /** Bytes held; `hash` is of exactly these. */
  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array): void {
    onDisk(this.#path, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    });
    this.hash.update(bytes);
    this.#size += bytes.length;
  }

  /** Forgets all bytes. */
  reset(): void {
    onDisk(this.#path, () => ftruncateSync(this.#fd, 0));
    this.hash.reset();
    this.#size = 0;
  }

  /** What {@link remember} noted, or undefined. */
  validator(): Validator | undefined {
    try {
      const { source, tag } = JSON.parse(readFileSync(`${partialPath(this.#path)}.json`, "utf8"));
      return typeof source === "string" ? { source, tag: typeof tag === "string" ? tag : undefined } : undefined;
    } catch {
      return undefined;
    }
  }

  remember(validator: Validator): void {
    onDisk(this.#path, () => writeFileSync(`${partialPath(this.#path)}.json`, JSON.stringify(validator)));
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** Makes it the whole file. */
  finish(): void {
    this.close();
    onDisk(this.#path, () => {
      renameSync(partialPath(this.#path), this.#path);
      rmSync(`${partialPath(this.#path)}.json`, { force: true });
    });
  }

  #readAll(): void {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (;;) {
      const read = readSync(this.#fd, buffer, 0, buffer.length, this.#size);
      if (read === 0) return;
      this.hash.update(buffer.subarray(0, read));
      this.#size += read;
    }
  }
}

/** The name under which the bytes of an address are remembered. */
export function sourceId(address: string): string {
  return createHash("sha256").update(address).digest("hex");
}

function partialPath(path: string): string {
  return `${path}.partial`;
}

function onDisk<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fromUnknown(error, `Cannot write "${path}"`);
  }
}

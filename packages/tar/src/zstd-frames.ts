import { ImgbuildError } from "@imgbuild/errors";
import { ByteQueue } from "./byte-queue.ts";

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** RFC 8878 §3.1.1.2.4: no block of a frame gives more. */
const MAX_BLOCK = 131_072;
const FCS_SIZES = [0, 2, 4, 8];
const DICTIONARY_SIZES = [0, 1, 2, 4];

/** A piece of a zstd frame: whole blocks. */
export interface ZstdPart {
  readonly bytes: Buffer;
  /** The piece expands to this many bytes or fewer. */
  readonly bound: number;
  /** The frame ends with this piece. */
  readonly last: boolean;
}

/** The first bytes of a zstd stream are a frame's magic number or a skippable frame's. */
export function isZstdMagic(bytes: Buffer): boolean {
  if (bytes.length < 4) return false;
  const magic = bytes.readUInt32LE(0);
  return magic === FRAME_MAGIC || (magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC;
}

/** The error for zstd data that is not what RFC 8878 says. */
export function zstdError(reason: string): ImgbuildError {
  return new ImgbuildError("invalid-archive", `Cannot decompress zstd data: ${reason}`);
}

type Step =
  | "magic"
  | "skip-size"
  | "skip"
  | "header"
  | "block"
  | "checksum"
  | { readonly payload: number; readonly last: boolean };

/**
 * Cuts a zstd stream into frames, block by block, without decompressing, and bounds what each block will give. So a
 * frame can be decompressed without trusting it, and a stream that is cut off is seen. (The decoder of Node 22 takes
 * cut off frames for whole ones, and every one stops at skippable frames.) Skippable frames are left out.
 */
export class ZstdFrameCutter {
  readonly #queue = new ByteQueue();
  #step: Step = "magic";
  #skipLeft = 0;
  #parts: Buffer[] = [];
  #bound = 0;
  #hasChecksum = false;

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** Throws when the stream ends within a frame. */
  finish(): void {
    if (this.#queue.length > 0 || this.#step !== "magic") throw zstdError("it ends in the middle of a frame");
  }

  /** The next part; undefined when more bytes are needed. Throws `invalid-archive` for what is no zstd. */
  next(): ZstdPart | undefined {
    for (;;) {
      if (this.#queue.length < this.#wanted()) return undefined;
      const part = this.#advance();
      if (part === "more") return undefined;
      if (part !== "again") return part;
    }
  }

  #wanted(): number {
    if (typeof this.#step === "object") return this.#step.payload;
    return { magic: 4, "skip-size": 4, skip: 0, header: 1, block: 3, checksum: 4 }[this.#step];
  }

  #keep(count: number): Buffer {
    const bytes = this.#queue.take(count);
    this.#parts.push(bytes);
    return bytes;
  }

  #advance(): ZstdPart | "more" | "again" {
    const step = this.#step;
    if (typeof step === "object") {
      this.#keep(step.payload);
      return this.#afterBlock(step.last);
    }
    switch (step) {
      case "magic":
        return this.#magic();
      case "skip-size":
        this.#skipLeft = this.#queue.take(4).readUInt32LE(0);
        this.#step = "skip";
        return "again";
      case "skip":
        return this.#skip();
      case "header":
        return this.#header();
      case "block":
        return this.#block();
      case "checksum":
        this.#keep(4);
        this.#step = "magic";
        return this.#part(true);
    }
  }

  #magic(): "again" {
    const bytes = this.#keep(4);
    if (!isZstdMagic(bytes)) throw zstdError("there are bytes after a frame that are no frame");
    const isFrame = bytes.readUInt32LE(0) === FRAME_MAGIC;
    if (!isFrame) this.#parts = [];
    this.#step = isFrame ? "header" : "skip-size";
    return "again";
  }

  #skip(): "more" | "again" {
    while (this.#skipLeft > 0 && this.#queue.length > 0) this.#skipLeft -= this.#queue.takeSome(this.#skipLeft).length;
    if (this.#skipLeft > 0) return "more";
    this.#step = "magic";
    return "again";
  }

  #header(): "more" | "again" {
    const descriptor = this.#queue.peekByte();
    const single = (descriptor & 0x20) !== 0;
    const contentSize = descriptor >>> 6 === 0 && single ? 1 : (FCS_SIZES[descriptor >>> 6] ?? 0);
    const length = 1 + (single ? 0 : 1) + (DICTIONARY_SIZES[descriptor & 3] ?? 0) + contentSize;
    if (this.#queue.length < length) return "more";
    this.#keep(length);
    this.#hasChecksum = (descriptor & 4) !== 0;
    this.#step = "block";
    return "again";
  }

  #block(): "again" {
    const head = this.#keep(3).readUIntLE(0, 3);
    const type = (head >>> 1) & 3;
    const size = head >>> 3;
    if (type === 3 || size > MAX_BLOCK) throw zstdError("a block has a reserved type or is too large");
    this.#bound = type === 2 ? MAX_BLOCK : size;
    this.#step = { payload: type === 1 ? 1 : size, last: (head & 1) === 1 };
    return "again";
  }

  #afterBlock(last: boolean): ZstdPart | "again" {
    if (last && this.#hasChecksum) {
      this.#step = "checksum";
      return "again";
    }
    this.#step = last ? "magic" : "block";
    return this.#part(last);
  }

  #part(last: boolean): ZstdPart {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    return { bytes, bound: this.#bound, last };
  }
}

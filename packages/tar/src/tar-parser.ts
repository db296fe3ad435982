import { ImgbuildError } from "@imgbuild/errors";
import { type BuiltMember, buildMember } from "./build-member.ts";
import { ByteQueue } from "./byte-queue.ts";
import { InlineMap } from "./inline-map.ts";
import { MemberMeta } from "./member-meta.ts";
import { paddingOf, RECORD_SIZE } from "./padding.ts";
import { decodeText } from "./parse-fields.ts";
import { parseHeader, type RawHeader } from "./parse-header.ts";
import { DEFAULT_LIMITS, type Fault, type ReadTarOptions } from "./parse-options.ts";
import { parseGnuEntries, type Run, runsOf, type Stretch } from "./sparse-map.ts";
import type { TarHeader } from "./tar-header.ts";

/** What a parser found next: a member, or a piece of the content of the last member. */
export type TarEvent =
  | { readonly kind: "member"; readonly header: TarHeader }
  | { readonly kind: "data"; readonly bytes: Uint8Array };

const ZEROS = Buffer.alloc(65_536);
/** PAX and long-name headers that may come before one member. */
const MAX_META_HEADERS = 64;

type State =
  | { readonly name: "header" }
  | { readonly name: "meta"; readonly flag: string; readonly size: number }
  | { readonly name: "old-map"; readonly member: BuiltMember; readonly map: Stretch[] }
  | { readonly name: "inline-map"; readonly member: BuiltMember; readonly map: InlineMap }
  | { readonly name: "content" }
  | { readonly name: "done" };

/**
 * Reads a tar archive from bytes as they come: `push` bytes, call `next` until it gives undefined, push more; after the
 * last bytes call `finish`, and `next` again. Holds at most one header's worth of bytes beside what was pushed. Trusts
 * nothing: whatever is wrong throws `invalid-archive` with the member and the offset.
 *
 * Formats: v7, ustar, PAX (local and global), GNU long names, base-256 numbers, sparse files in all four forms (given
 * as real content). An archive may end without its two empty records, as many do, but not within a member.
 */
export class TarParser {
  readonly #queue = new ByteQueue();
  readonly #meta = new MemberMeta();
  readonly #limits: typeof DEFAULT_LIMITS;
  readonly #replace: boolean;
  #state: State = { name: "header" };
  #offset = 0;
  #finished = false;
  #entries = 0;
  #holeBytes = 0;
  #sawZeroRecord = false;
  #member = "";
  #runs: readonly Run[] = [];
  #run = 0;
  #runLeft = 0;
  /** Bytes in the archive up to the next header. */
  #storedLeft = 0;
  #padding = 0;
  #skipping = false;

  constructor(options: ReadTarOptions = {}) {
    const { maxEntries, maxMetaBytes, maxHoleBytes } = options.limits ?? {};
    this.#limits = {
      maxEntries: maxEntries ?? DEFAULT_LIMITS.maxEntries,
      maxMetaBytes: maxMetaBytes ?? DEFAULT_LIMITS.maxMetaBytes,
      maxHoleBytes: maxHoleBytes ?? DEFAULT_LIMITS.maxHoleBytes,
    };
    this.#replace = options.nonUtf8 === "replace";
  }

  /** True when the end of the archive was read; bytes after it are ignored. */
  get done(): boolean {
    return this.#state.name === "done";
  }

  /** Gives more bytes. They are not copied: do not change them before they were read. */
  push(bytes: Uint8Array): void {
    if (!this.done) this.#queue.push(bytes);
  }

  /** Says that no more bytes come. */
  finish(): void {
    this.#finished = true;
  }

  /** Leaves out the rest of the present member's content. */
  skip(): void {
    this.#skipping = true;
  }

  /** The next event; undefined when more bytes are needed or the archive is `done`. Throws `invalid-archive`. */
  next(): TarEvent | undefined {
    for (;;) {
      const event = this.#step();
      if (event === "more") {
        if (this.#finished) throw this.#fault("the archive ends in the middle of it");
        return undefined;
      }
      if (event === "done") return undefined;
      if (event !== "again") return event;
    }
  }

  #step(): TarEvent | "again" | "more" | "done" {
    const state = this.#state;
    switch (state.name) {
      case "header":
        return this.#header();
      case "meta":
        return this.#readMeta(state.flag, state.size);
      case "old-map":
        return this.#oldMap(state.member, state.map);
      case "inline-map":
        return this.#inlineMap(state.member, state.map);
      case "content":
        return this.#skipping ? this.#skipContent() : this.#content();
      case "done":
        return "done";
    }
  }

  readonly #fault: Fault = (reason) => {
    const what = this.#member === "" ? "the archive" : `archive member "${this.#member}"`;
    return new ImgbuildError("invalid-archive", `Cannot read ${what} at offset ${this.#offset}: ${reason}`);
  };

  #take(count: number): Buffer {
    this.#offset += count;
    return this.#queue.take(count);
  }

  #header(): TarEvent | "again" | "more" | "done" {
    if (this.#queue.length < RECORD_SIZE) {
      if (!this.#finished || this.#queue.length > 0 || this.#meta.count > 0) return "more";
      this.#state = { name: "done" };
      return "done";
    }
    const block = this.#take(RECORD_SIZE);
    if (block[0] === 0 && block.equals(ZEROS.subarray(0, RECORD_SIZE))) return this.#zeroRecord();
    if (this.#sawZeroRecord) throw this.#fault("there are members after an empty record");
    this.#member = "";
    const raw = parseHeader(block, this.#fault);
    this.#member = decodeText(raw.name, "name", { fault: this.#fault, replace: true });
    if (MemberMeta.isMeta(raw.flag)) return this.#startMeta(raw);
    if (raw.flag === "V") return this.#startIgnored(raw);
    return this.#startMember(raw);
  }

  #zeroRecord(): "again" | "done" {
    if (this.#meta.count > 0) throw this.#fault("the archive ends after an extended header without its member");
    if (this.#sawZeroRecord) {
      this.#state = { name: "done" };
      return "done";
    }
    this.#sawZeroRecord = true;
    return "again";
  }

  #startMeta(raw: RawHeader): "again" {
    if (raw.size < 0 || raw.size > this.#limits.maxMetaBytes) {
      throw this.#fault(`its extended header has ${raw.size} bytes, wanted up to ${this.#limits.maxMetaBytes}`);
    }
    if (this.#meta.count >= MAX_META_HEADERS) throw this.#fault("too many extended headers come before it");
    this.#state = { name: "meta", flag: raw.flag, size: raw.size };
    return "again";
  }

  #readMeta(flag: string, size: number): "again" | "more" {
    const whole = size + paddingOf(size);
    if (this.#queue.length < whole) return "more";
    this.#meta.add(flag, this.#take(whole).subarray(0, size), this.#fault);
    this.#state = { name: "header" };
    return "again";
  }

  /** A volume label is no member. */
  #startIgnored(raw: RawHeader): "again" {
    if (raw.size < 0) throw this.#fault("its size is negative");
    this.#countEntry();
    this.#begin(raw.size, []);
    this.#skipping = true;
    return "again";
  }

  #countEntry(): void {
    this.#entries += 1;
    if (this.#entries > this.#limits.maxEntries) {
      throw this.#fault(`the archive has more than ${this.#limits.maxEntries} members`);
    }
  }

  #startMember(raw: RawHeader): TarEvent | "again" {
    this.#countEntry();
    const member = buildMember(raw, this.#meta, { fault: this.#fault, replace: this.#replace });
    this.#member = member.header.path;
    this.#meta.next();
    if (member.sparse === undefined) {
      const length = member.header.size;
      return this.#open(member, length === 0 ? [] : [{ hole: false, length }], member.stored);
    }
    const { map, more } = member.sparse;
    if (more === "none") return this.#openSparse(member, map, member.stored);
    this.#state =
      more === "old" ? { name: "old-map", member, map } : { name: "inline-map", member, map: new InlineMap() };
    return "again";
  }

  /** Extension records of GNU's old format: 21 entries and a byte that says whether another follows. */
  #oldMap(member: BuiltMember, map: Stretch[]): TarEvent | "again" | "more" {
    if (this.#queue.length < RECORD_SIZE) return "more";
    const block = this.#take(RECORD_SIZE);
    map.push(...parseGnuEntries(block.subarray(0, 504), this.#fault));
    if (map.length * 24 > this.#limits.maxMetaBytes) throw this.#fault("its sparse map is too large");
    if (block[504] === 0) return this.#openSparse(member, map, member.stored);
    if (block[0] === 0) throw this.#fault("its sparse map goes on after its end");
    return "again";
  }

  #inlineMap(member: BuiltMember, map: InlineMap): TarEvent | "again" | "more" {
    if (map.size + RECORD_SIZE > Math.min(member.stored, this.#limits.maxMetaBytes)) {
      throw this.#fault("its sparse map is cut off or too large");
    }
    if (this.#queue.length < RECORD_SIZE) return "more";
    const stretches = map.add(this.#take(RECORD_SIZE), this.#fault);
    return stretches === undefined ? "again" : this.#openSparse(member, stretches, member.stored - map.size);
  }

  #openSparse(member: BuiltMember, map: readonly Stretch[], stored: number): TarEvent {
    const runs = runsOf(map, { size: member.header.size, stored }, this.#fault);
    for (const { hole, length } of runs) if (hole) this.#holeBytes += length;
    if (this.#holeBytes > this.#limits.maxHoleBytes) {
      throw this.#fault(`the holes of its sparse files are larger than ${this.#limits.maxHoleBytes} bytes`);
    }
    return this.#open(member, runs, stored);
  }

  #open(member: BuiltMember, runs: readonly Run[], stored: number): TarEvent {
    this.#begin(stored, runs);
    this.#skipping = member.header.type !== "file";
    return { kind: "member", header: member.header };
  }

  #begin(stored: number, runs: readonly Run[]): void {
    this.#storedLeft = stored;
    this.#padding = paddingOf(stored);
    this.#runs = runs;
    this.#run = 0;
    this.#runLeft = runs[0]?.length ?? 0;
    this.#skipping = false;
    this.#state = { name: "content" };
  }

  #content(): TarEvent | "again" | "more" {
    const run = this.#runs[this.#run];
    if (run === undefined) {
      this.#skipping = true;
      return "again";
    }
    if (!run.hole && this.#queue.length === 0) return "more";
    const bytes = run.hole
      ? ZEROS.subarray(0, Math.min(ZEROS.length, this.#runLeft))
      : this.#queue.takeSome(this.#runLeft);
    this.#runLeft -= bytes.length;
    if (!run.hole) {
      this.#offset += bytes.length;
      this.#storedLeft -= bytes.length;
    }
    if (this.#runLeft === 0) {
      this.#run += 1;
      this.#runLeft = this.#runs[this.#run]?.length ?? 0;
    }
    return { kind: "data", bytes };
  }

  #skipContent(): "again" | "more" {
    let left = this.#storedLeft + this.#padding;
    while (left > 0 && this.#queue.length > 0) {
      const dropped = this.#queue.takeSome(left).length;
      left -= dropped;
      this.#offset += dropped;
    }
    this.#storedLeft = Math.max(left - this.#padding, 0);
    this.#padding = Math.min(left, this.#padding);
    if (left > 0) return "more";
    this.#state = { name: "header" };
    return "again";
  }
}

import { hash } from "node:crypto";
import { END_OF_ARCHIVE, encodeHeader, paddingOf } from "@imgbuild/tar";
import type { LayerContent, LayerEntry } from "./layer-entry.ts";

/** A range of a file's content. */
export interface ContentPart {
  readonly content: LayerContent;
  readonly offset: number;
  readonly length: number;
}

/** A piece of a block: bytes as they are, or to be read. */
type BlockPart = Uint8Array | ContentPart;

/** One block of a layer before its bytes are known. */
export interface PlannedBlock {
  /**
   * 64 hex digits: hash of the recipe of the block (headers and content digests). Equal ids, equal bytes, and it is
   * known without reading a file: blocks that the store has are neither read nor compressed again.
   */
  readonly id: string;
  readonly size: number;
  readonly parts: readonly BlockPart[];
}

/** No block of small files is cut before this many bytes. */
const MIN = 256 << 10;
/** No block is larger, and files larger than this are cut at multiples of it. */
export const MAX_BLOCK = 1 << 20;
/** A path whose hash is zero in these bits starts a block: one in 64. */
const CUT_MASK = 63;

/**
 * Cuts the tar of `entries` (in their order) into blocks. Cuts depend on paths and sizes alone and fall between
 * entries, or at multiples of 1 MiB inside a large file, so that a change moves few of them (ARCHITECTURE.md, D4).
 */
export function* planBlocks(entries: Iterable<LayerEntry>): Generator<PlannedBlock> {
  let draft = new Draft();
  for (const { header, content } of entries) {
    const head = encodeHeader(header);
    const body = content === undefined ? 0 : header.size + paddingOf(header.size);
    const whole = head.length + (body > MAX_BLOCK ? 0 : body);
    const full = draft.size + whole > MAX_BLOCK;
    if (draft.size > 0 && (full || (draft.size >= MIN && (pathHash(header.path) & CUT_MASK) === 0))) {
      yield draft.finish();
      draft = new Draft();
    }
    draft.bytes(head);
    if (content === undefined) continue;
    if (body <= MAX_BLOCK) {
      draft.part({ content, offset: 0, length: header.size });
      draft.bytes(ZEROS.subarray(0, paddingOf(header.size)));
      continue;
    }
    yield draft.finish();
    draft = yield* planLarge(content, header.size);
  }
  draft.bytes(END_OF_ARCHIVE);
  yield draft.finish();
}

/** Blocks of a large file; returns the draft that its padding begins. */
function* planLarge(content: LayerContent, size: number): Generator<PlannedBlock, Draft> {
  for (let offset = 0; offset < size; offset += MAX_BLOCK) {
    const draft = new Draft();
    draft.part({ content, offset, length: Math.min(MAX_BLOCK, size - offset) });
    yield draft.finish();
  }
  const draft = new Draft();
  draft.bytes(ZEROS.subarray(0, paddingOf(size)));
  return draft;
}

const ZEROS = new Uint8Array(512);

/** The recipe of the block being planned. One buffer for all: a block is finished before the next is begun. */
let recipe = Buffer.allocUnsafeSlow(1 << 20);

class Draft {
  size = 0;
  readonly #parts: BlockPart[] = [];
  #length = recipe.write("imgbuild.block 1\0", 0, "latin1");

  bytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#note(`b${bytes.length}\0`);
    this.#reserve(bytes.length);
    recipe.set(bytes, this.#length);
    this.#length += bytes.length;
    this.#parts.push(bytes);
    this.size += bytes.length;
  }

  part(part: ContentPart): void {
    this.#note(`c${part.content.sha256} ${part.offset} ${part.length}\0`);
    this.#parts.push(part);
    this.size += part.length;
  }

  finish(): PlannedBlock {
    return { id: hash("sha256", recipe.subarray(0, this.#length), "hex"), size: this.size, parts: this.#parts };
  }

  #note(text: string): void {
    this.#reserve(text.length);
    this.#length += recipe.write(text, this.#length, "latin1");
  }

  #reserve(length: number): void {
    if (this.#length + length <= recipe.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(recipe.length * 2, this.#length + length));
    recipe.copy(larger, 0, 0, this.#length);
    recipe = larger;
  }
}

/** FNV-1a over UTF-16 code units: the same on every machine. */
function pathHash(path: string): number {
  let fnv = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) fnv = Math.imul(fnv ^ path.charCodeAt(i), 0x01000193);
  // The low bits of FNV mix poorly over short strings; fold the high ones in.
  return (fnv ^ (fnv >>> 15)) >>> 0;
}

/** What the dynamic loader has to know of a library. */
export interface ElfLibrary {
  /** The name by which programs ask for it; undefined when it has none. */
  readonly soname: string | undefined;
  /** ELF machine number. */
  readonly machine: number;
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
}

/** Reads bytes of a file; may give fewer at its end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_STRTAB = 5;
const DT_SONAME = 14;
const ET_DYN = 3;
/** More headers and entries than any honest file has. */
const MAX_HEADERS = 512;
const MAX_DYNAMIC = 1 << 16;

/** Reads a shared library (ELF, gABI 4.1); undefined for what is none. Damaged files are none: nothing is thrown. */
export function elfLibrary(read: ReadAt): ElfLibrary | undefined {
  try {
    return new ElfReader(read).library();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

class ElfReader {
  readonly #read: ReadAt;
  readonly #wide: boolean;
  readonly #little: boolean;
  readonly #head: DataView;

  constructor(read: ReadAt) {
    this.#read = read;
    this.#head = this.#view(0, 64);
    const magic = this.#head.getUint32(0);
    if (magic !== 0x7f454c46) throw new RangeError("no ELF");
    this.#wide = this.#head.getUint8(4) === 2;
    this.#little = this.#head.getUint8(5) === 1;
  }

  library(): ElfLibrary | undefined {
    if (this.#u16(this.#head, 16) !== ET_DYN) return undefined;
    const segments = this.#segments();
    const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
    if (dynamic === undefined) return undefined;
    const machine = this.#u16(this.#head, 18);
    return { soname: this.#soname(dynamic, segments), machine, bits: this.#wide ? 64 : 32, littleEndian: this.#little };
  }

  #segments(): readonly Segment[] {
    const [offset, size, count] = this.#wide
      ? [this.#word(this.#head, 32), this.#u16(this.#head, 54), this.#u16(this.#head, 56)]
      : [this.#word(this.#head, 28), this.#u16(this.#head, 42), this.#u16(this.#head, 44)];
    if (count > MAX_HEADERS || size < (this.#wide ? 56 : 32)) throw new RangeError("headers");
    const view = this.#view(offset, size * count);
    return Array.from({ length: count }, (_, i) => {
      const at = i * size;
      const type = this.#u32(view, at);
      return this.#wide
        ? {
            type,
            offset: this.#word(view, at + 8),
            address: this.#word(view, at + 16),
            size: this.#word(view, at + 32),
          }
        : {
            type,
            offset: this.#word(view, at + 4),
            address: this.#word(view, at + 8),
            size: this.#word(view, at + 16),
          };
    });
  }

  #soname(dynamic: Segment, segments: readonly Segment[]): string | undefined {
    if (dynamic.size > MAX_DYNAMIC) throw new RangeError("dynamic");
    const view = this.#view(dynamic.offset, dynamic.size);
    const step = this.#wide ? 16 : 8;
    let [name, table]: (number | undefined)[] = [];
    for (let at = 0; at + step <= dynamic.size; at += step) {
      const tag = this.#word(view, at);
      if (tag === 0) break;
      if (tag === DT_SONAME) name = this.#word(view, at + step / 2);
      if (tag === DT_STRTAB) table = this.#word(view, at + step / 2);
    }
    if (name === undefined || table === undefined) return undefined;
    const address = table;
    const home = segments.find(
      (each) => each.type === PT_LOAD && address >= each.address && address < each.address + each.size,
    );
    if (home === undefined) return undefined;
    const bytes = this.#read(home.offset + address - home.address + name, 256);
    const end = bytes.indexOf(0);
    const text = Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString("latin1");
    return /^[\w.+~@-]+$/.test(text) ? text : undefined;
  }

  #view(offset: number, length: number): DataView {
    const bytes = this.#read(offset, length);
    if (bytes.length < length) throw new RangeError("short");
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  #u16(view: DataView, at: number): number {
    return view.getUint16(at, this.#little);
  }

  #u32(view: DataView, at: number): number {
    return view.getUint32(at, this.#little);
  }

  /** An address or size. */
  #word(view: DataView, at: number): number {
    if (!this.#wide) return this.#u32(view, at);
    const value = view.getBigUint64(at, this.#little);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError("word");
    return Number(value);
  }
}

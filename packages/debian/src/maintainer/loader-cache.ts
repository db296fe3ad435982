import type { ElfLibrary } from "./elf-soname.ts";

/** A library as the loader finds it. */
export interface CachedLibrary {
  /** What programs ask for. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly elf: ElfLibrary;
}

const MAGIC = "glibc-ld.so.cache1.1";
const HEADER = 48;
const ENTRY = 24;
const LITTLE_ENDIAN = 2;
const ELF_LIBC6 = 3;

/** Flags of glibc's sysdeps/generic/ldconfig.h, by machine and bits. */
const FLAGS: Readonly<Record<string, number>> = {
  "3/32": ELF_LIBC6,
  "20/32": ELF_LIBC6,
  "21/64": ELF_LIBC6 | 0x0500,
  "22/64": ELF_LIBC6 | 0x0400,
  "40/32": ELF_LIBC6 | 0x0900,
  "62/32": ELF_LIBC6 | 0x0800,
  "62/64": ELF_LIBC6 | 0x0300,
  "183/64": ELF_LIBC6 | 0x0a00,
  "243/64": ELF_LIBC6 | 0x1000,
};

/**
 * The file `/etc/ld.so.cache` as `ldconfig` writes it (glibc, elf/cache.c, format 1.1) for the libraries that are given in the order
 * of their directories; undefined for machines that are not known.
 */
export function loaderCache(libraries: readonly CachedLibrary[]): Buffer | undefined {
  const flagged = libraries.map((library) => ({ ...library, flags: flagsOf(library.elf) }));
  if (flagged.some(({ flags, elf }) => flags === undefined || !elf.littleEndian)) return undefined;
  // The loader searches from the last name to the first.
  const sorted = [...flagged].sort((a, b) => compareNames(b.name, a.name) || (b.flags ?? 0) - (a.flags ?? 0));
  const strings = new StringTable(HEADER + ENTRY * sorted.length);
  const entries = Buffer.alloc(ENTRY * sorted.length);
  for (const [i, { name, path, flags = 0 }] of sorted.entries()) {
    entries.writeInt32LE(flags, i * ENTRY);
    entries.writeUInt32LE(strings.add(name), i * ENTRY + 4);
    entries.writeUInt32LE(strings.add(path), i * ENTRY + 8);
  }
  const text = strings.bytes();
  const header = Buffer.alloc(HEADER);
  header.write(MAGIC, "latin1");
  header.writeUInt32LE(sorted.length, 20);
  header.writeUInt32LE(text.length, 24);
  header.writeUInt8(LITTLE_ENDIAN, 28);
  return Buffer.concat([header, entries, text]);
}

function flagsOf({ machine, bits }: ElfLibrary): number | undefined {
  return FLAGS[`${machine}/${bits}`];
}

class StringTable {
  readonly #pieces: Buffer[] = [];
  #next: number;

  constructor(first: number) {
    this.#next = first;
  }

  add(text: string): number {
    const at = this.#next;
    const bytes = Buffer.from(`${text}\0`, "latin1");
    this.#pieces.push(bytes);
    this.#next += bytes.length;
    return at;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

/** The order of `_dl_cache_libcmp`: by bytes, but digits as numbers, and after everything else. */
function compareNames(a: string, b: string): number {
  let [i, j] = [0, 0];
  while (i < a.length) {
    const [left, right] = [numberAt(a, i), numberAt(b, j)];
    if (left !== undefined && right !== undefined) {
      if (left.value !== right.value) return left.value - right.value;
      i = left.end;
      j = right.end;
    } else if (left !== undefined) return 1;
    else if (right !== undefined) return -1;
    else {
      const order = a.charCodeAt(i) - (j < b.length ? b.charCodeAt(j) : 0);
      if (order !== 0) return order;
      i += 1;
      j += 1;
    }
  }
  return j < b.length ? -1 : 0;
}

function numberAt(text: string, at: number): { readonly value: number; readonly end: number } | undefined {
  const digits = /^[0-9]+/.exec(text.slice(at))?.[0];
  return digits === undefined ? undefined : { value: Number(digits), end: at + digits.length };
}

/**
 * The packed stat snapshot of one directory: what a sweep compares the disk with. One buffer a directory, because a row
 * a file costs thirty times more to load (field study, §5.2). Layout, little-endian:
 *
 *     u32 version, u32 count, u32 bytes of names, u32 bytes of targets, 32 bytes Merkle digest of the directory
 *     f64[count] mtimeMs, f64[count] ctimeMs, f64[count] size, f64[count] inode
 *     u32[count] mode, u8[count] flags, 32 bytes × count digests, names joined by NUL, link targets joined by NUL
 *
 * Times are float milliseconds: 0.25 µs fine, finer than two writes can follow each other.
 */
export interface DirectoryRecord {
  /** Every name that readdir gave, sorted by code unit. */
  readonly names: readonly string[];
  readonly mtimeMs: Float64Array;
  readonly ctimeMs: Float64Array;
  readonly size: Float64Array;
  readonly inode: Float64Array;
  readonly mode: Uint32Array;
  readonly flags: Uint8Array;
  /** 64 hex digits: of content, of link target, of the child's node; empty for what is not selected. */
  readonly digests: readonly string[];
  /** Merkle digest of the directory, 64 hex digits. */
  readonly digest: string;
}

export const Flag = {
  /** Changed so shortly before it was read that a later change could look the same: read it again next time. */
  racy: 1,
  /** Not wanted by the include patterns. */
  ignored: 2,
  /** Shut out by an exclude pattern, whatever it is. */
  excluded: 4,
} as const;

const VERSION = 1;
const NO_DIGEST = "0".repeat(64);
/** Bytes before the columns of a record, and of all columns for one name. */
export const HEAD = 48;
export const ROW_BYTES = 69;

/** Packs a record; inverse of {@link unpackDirectory}. */
export function packDirectory(record: DirectoryRecord): Buffer {
  const count = record.names.length;
  const names = Buffer.from(record.names.join("\0"));
  const buffer = Buffer.alloc(HEAD + count * ROW_BYTES + names.length);
  buffer.writeUInt32LE(VERSION, 0);
  buffer.writeUInt32LE(count, 4);
  buffer.writeUInt32LE(names.length, 8);
  buffer.write(record.digest, 16, "hex");
  let at = HEAD;
  for (const numbers of [record.mtimeMs, record.ctimeMs, record.size, record.inode, record.mode, record.flags]) {
    at += Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).copy(buffer, at);
  }
  // One write for all: a call a digest takes most of the time of packing.
  const digests = record.digests.map((digest) => (digest === "" ? NO_DIGEST : digest)).join("");
  at += buffer.write(digests, at, "hex");
  names.copy(buffer, at);
  return buffer;
}

/** Reads a packed record; undefined when it is of another version or damaged, which only costs a new hash. */
export function unpackDirectory(packed: Buffer): DirectoryRecord | undefined {
  if (packed.length < HEAD || packed.readUInt32LE(0) !== VERSION) return undefined;
  const count = packed.readUInt32LE(4);
  const nameBytes = packed.readUInt32LE(8);
  if (packed.length !== HEAD + count * ROW_BYTES + nameBytes) return undefined;
  const bytes = aligned(packed);
  const start = bytes.byteOffset + HEAD;
  const floats = (index: number) => new Float64Array(bytes.buffer, start + index * count * 8, count);
  const digestsAt = HEAD + count * 37;
  const namesAt = digestsAt + count * 32;
  const flags = new Uint8Array(bytes.buffer, start + count * 36, count);
  let digests: readonly string[] | undefined;
  return {
    names: count === 0 ? [] : bytes.toString("utf8", namesAt).split("\0"),
    mtimeMs: floats(0),
    ctimeMs: floats(1),
    size: floats(2),
    inode: floats(3),
    mode: new Uint32Array(bytes.buffer, start + count * 32, count),
    flags,
    // A sweep that finds nothing changed asks for none of them.
    get digests(): readonly string[] {
      digests ??= unpackDigests(bytes.toString("hex", digestsAt, namesAt), flags);
      return digests;
    },
    digest: bytes.toString("hex", 16, 48),
  };
}

function unpackDigests(hex: string, flags: Uint8Array): string[] {
  return Array.from(flags, (flag, i) => ((flag & ~Flag.racy) === 0 ? hex.slice(i * 64, i * 64 + 64) : ""));
}

/** Typed arrays need their data at a multiple of eight; SQLite gives no such promise. */
function aligned(bytes: Buffer): Buffer {
  return bytes.byteOffset % 8 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
}

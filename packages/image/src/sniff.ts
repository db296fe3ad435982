/** What the first bytes of a file say that it is. */
export type FileKind = "tar" | "gzip" | "zstd" | "xz" | "bzip2" | "unknown";

const MAGICS: readonly (readonly [FileKind, string])[] = [
  ["gzip", "1f8b"],
  ["zstd", "28b52ffd"],
  ["xz", "fd377a585a00"],
  ["bzip2", "425a68"],
];

/** Bytes that {@link sniff} looks at. */
export const SNIFF_SIZE = 512;

/** Tells the kind of a file by its first {@link SNIFF_SIZE} bytes (fewer when it is shorter). */
export function sniff(head: Uint8Array): FileKind {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const hex = bytes.toString("hex", 0, 8);
  const known = MAGICS.find(([, magic]) => hex.startsWith(magic));
  if (known !== undefined) return known[0];
  if (/^5[0-9a-f]2a4d18/.test(hex)) return "zstd";
  return isTarHeader(bytes) ? "tar" : "unknown";
}

/** In plain words, for messages: "a zip archive", "an empty file". */
export function looksLike(head: Uint8Array): string {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const kind = sniff(bytes);
  if (kind !== "unknown") return kind === "tar" ? "a tar archive" : `${kind}-compressed data`;
  if (bytes.length === 0) return "an empty file";
  const start = bytes.toString("latin1", 0, 16);
  if (start.startsWith("PK\u0003\u0004")) return "a zip archive";
  if (start.startsWith("\u007fELF")) return "an ELF program";
  if (start.startsWith("#!")) return "a script";
  if (start.startsWith("hsqs")) return "a squashfs image";
  if (/^version https:/.test(start)) return "a Git LFS pointer";
  if (/^\s*[{[]/.test(start)) return "a JSON text";
  if (/^\s*<[!?a-zA-Z]/.test(start)) return "an HTML or XML text";
  return bytes.every((byte) => byte >= 0x20 || (byte >= 9 && byte <= 13)) ? "a text" : "binary data of an unknown kind";
}

/** POSIX.1-2001 pax: the checksum is the sum of the block's bytes with its own eight as spaces. Two zero blocks are an empty tar. */
function isTarHeader(bytes: Buffer): boolean {
  if (bytes.length < SNIFF_SIZE) return false;
  const block = bytes.subarray(0, SNIFF_SIZE);
  if (block.every((byte) => byte === 0)) return true;
  const written = Number.parseInt(
    block
      .toString("latin1", 148, 156)
      .replace(/[\0 ]+/g, " ")
      .trim(),
    8,
  );
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return written === sum;
}

/** The first `size` bytes of a stream, and the stream from its start. The source is closed when the rest is. */
export async function withHead(
  source: AsyncIterable<Uint8Array>,
  size: number,
): Promise<{ readonly head: Buffer; readonly rest: AsyncGenerator<Uint8Array, void, undefined> }> {
  const input = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < size) {
    const piece = await input.next();
    if (piece.done === true) break;
    first.push(piece.value);
    length += piece.value.length;
  }
  const rest = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* first;
      for (let piece = await input.next(); piece.done !== true; piece = await input.next()) yield piece.value;
    } finally {
      await input.return?.();
    }
  };
  return { head: Buffer.concat(first).subarray(0, size), rest: rest() };
}

import { Readable } from "node:stream";
import { ImgbuildError } from "@imgbuild/errors";
import { crc32 } from "@imgbuild/tar";
import { type Entry, fromRandomAccessReader, RandomAccessReader, type ZipFile } from "yauzl";
import type { ArchiveFile } from "./archive-file.ts";
import type { ArchiveMember, UnpackContext } from "./archive-member.ts";

/** More bytes unpacked are refused: such an archive was made to fill disks. */
const MAX_UNPACKED = 2 ** 36;
/** A longer link target is none. */
const MAX_TARGET = 4096;

/** The members of a zip, in the order of its directory. Throws `invalid-archive`, `unsupported`, `path-escape`. */
export async function* zipMembers(
  file: ArchiveFile,
  { title, progress }: Pick<UnpackContext, "title" | "progress">,
): AsyncGenerator<ArchiveMember, void, undefined> {
  await file.check();
  const zip = await open(file).catch((error: unknown) => {
    throw damaged(title, error);
  });
  let unpacked = 0;
  for await (const entry of entries(zip, title)) {
    unpacked += entry.uncompressedSize;
    if (unpacked > MAX_UNPACKED) throw damaged(title, new Error(`it has more than ${MAX_UNPACKED} bytes unpacked`));
    if (entry.isEncrypted()) {
      throw new ImgbuildError(
        "unsupported",
        `Cannot unpack ${JSON.stringify(entry.fileName)} of ${title}: it is encrypted`,
      );
    }
    const content = contentOf(zip, entry, title);
    const kind = kindOf(entry);
    const target = kind === "symlink" ? await textOf(content) : "";
    // Members without modes of Unix are for everybody to read.
    yield { path: entry.fileName, kind, executable: (modeOf(entry) & 0o111) !== 0, target, content };
    progress(Math.min(unpacked, file.size));
  }
}

class FileReader extends RandomAccessReader {
  readonly #file: ArchiveFile;

  constructor(file: ArchiveFile) {
    super();
    this.#file = file;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(piecesOf(this.#file, start, end), { objectMode: false });
  }
}

function* piecesOf(file: ArchiveFile, start: number, end: number): Generator<Uint8Array> {
  for (let at = start; at < end; at += 1 << 18) yield file.read(at, Math.min(1 << 18, end - at));
}

function open(file: ArchiveFile): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true };
    fromRandomAccessReader(new FileReader(file), file.size, options, (error, zip) => {
      if (error === null) resolve(zip);
      else reject(error);
    });
  });
}

/** Entries one at a time. */
async function* entries(zip: ZipFile, title: string): AsyncGenerator<Entry, void, undefined> {
  for (;;) {
    const entry = await new Promise<Entry | undefined>((resolve, reject) => {
      const done = (result: () => void) => {
        zip.removeListener("entry", onEntry);
        zip.removeListener("end", onEnd);
        zip.removeListener("error", onError);
        result();
      };
      const onEntry = (found: Entry) => done(() => resolve(found));
      const onEnd = () => done(() => resolve(undefined));
      const onError = (error: unknown) => done(() => reject(damaged(title, error)));
      zip.on("entry", onEntry);
      zip.on("end", onEnd);
      zip.on("error", onError);
      zip.readEntry();
    });
    if (entry === undefined) return;
    yield entry;
  }
}

async function* contentOf(zip: ZipFile, entry: Entry, title: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const stream = await new Promise<Readable>((resolve, reject) => {
      zip.openReadStream(entry, (error, found) => {
        if (error === null) resolve(found);
        else reject(error);
      });
    });
    let sum = 0;
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      sum = crc32(piece, sum);
      yield piece;
    }
    if (sum >>> 0 !== entry.crc32 >>> 0) throw new Error("its content is damaged (CRC-32)");
  } catch (error) {
    throw damaged(`${JSON.stringify(entry.fileName)} of ${title}`, error);
  }
}

function modeOf({ versionMadeBy, externalFileAttributes }: Entry): number {
  const isUnix = versionMadeBy >>> 8 === 3 || versionMadeBy >>> 8 === 19;
  return isUnix ? externalFileAttributes >>> 16 : 0;
}

function kindOf(entry: Entry): ArchiveMember["kind"] {
  if (entry.fileName.endsWith("/")) return "directory";
  const type = modeOf(entry) & 0o170000;
  if (type === 0o120000) return "symlink";
  return type === 0 || type === 0o100000 ? "file" : type === 0o040000 ? "directory" : "other";
}

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of content) {
    size += piece.length;
    if (size > MAX_TARGET)
      throw new ImgbuildError("invalid-archive", "Cannot unpack a symbolic link: its target is too long");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** What yauzl says of names that leave the archive. */
const ESCAPES = /^(absolute path|invalid relative path): (.*)$/s;

function damaged(title: string, error: unknown): ImgbuildError {
  if (error instanceof ImgbuildError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const [, , member] = ESCAPES.exec(text) ?? [];
  if (member !== undefined) {
    return new ImgbuildError(
      "path-escape",
      `Cannot unpack ${JSON.stringify(member)} of ${title}: its path leaves the archive`,
      {
        hint: "Do not trust this archive",
      },
    );
  }
  const code = /unsupported compression method/.test(text) ? "unsupported" : "invalid-archive";
  return new ImgbuildError(code, `Cannot unpack ${title}: ${text.charAt(0).toLowerCase()}${text.slice(1)}`, {
    cause: error,
  });
}

import { ImgbuildError } from "@imgbuild/errors";
import { readTar, type TarMember } from "@imgbuild/tar";
import { decompress } from "../archive/decompress.ts";
import { type ArMember, readAr } from "./ar.ts";
import { type DebControl, readControlTar } from "./deb-control.ts";
import { MemberGuard } from "./member-guard.ts";

/** A package that is being read. */
export interface Deb {
  readonly control: DebControl;
  /**
   * Files, directories and links of the package, in its order, paths checked and in their one spelling; the root itself
   * is left out. To be read once; leaving it early closes the source. When it has ended, the source was read to its end,
   * so that a verifying source (`checkedStream`) has seen every byte.
   */
  readonly data: AsyncIterable<TarMember>;
  /** Closes the source; for who does not read `data`. */
  close(): Promise<void>;
}

/** How to read a package. */
export interface ReadDebOptions {
  /** Names the package in errors until its own name is known, e.g. the file's name. */
  readonly what: string;
  /** Bytes that data may have decompressed. Default 64 GiB. */
  readonly maxSize?: number | undefined;
}

/**
 * Reads a binary package (deb(5)) as it arrives: format 2, control and data in xz, gzip, zstd or plain. Of packages in xz
 * only one is read at a time in a process (see `decompressXz`). Throws `invalid-archive` for what is no sound package,
 * `unsupported` for other formats and compressions, `path-escape` (from `data`) for a member that leaves the root.
 */
export async function readDeb(source: AsyncIterable<Uint8Array>, options: ReadDebOptions): Promise<Deb> {
  const { what } = options;
  const members = readAr(source, what);
  const close = async (): Promise<void> => {
    await members.return();
  };
  try {
    await checkFormat(await nextMember(members, "debian-binary", what), what);
    const controlMember = await nextMember(members, "control.tar", what);
    const control = await readControlTar(decompressed(controlMember, { maxSize: MAX_CONTROL, what }), what);
    const dataMember = await nextMember(members, "data.tar", what);
    return { control, data: readData(members, dataMember, { ...options, what: control.name }), close };
  } catch (error) {
    await close();
    throw named(error, what);
  }
}

const MAX_CONTROL = 2 ** 27;

async function* readData(
  members: AsyncGenerator<ArMember, void, undefined>,
  dataMember: ArMember,
  { what, maxSize }: ReadDebOptions,
): AsyncGenerator<TarMember, void, undefined> {
  const guard = new MemberGuard(what);
  try {
    for await (const { header, content } of readTar(decompressed(dataMember, { maxSize, what }))) {
      const checked = guard.check(header);
      if (checked.path !== "") yield { header: checked, content };
    }
    // What stands after the data is ignored, as dpkg does; it is read for who verifies.
    for await (const _ignored of members);
  } catch (error) {
    throw named(error, what);
  } finally {
    await members.return();
  }
}

/** The next member, which has to be `name` or `name` with a compression's suffix; `_` members before it are ignored. */
async function nextMember(
  members: AsyncGenerator<ArMember, void, undefined>,
  name: string,
  what: string,
): Promise<ArMember> {
  for (;;) {
    const next = await members.next();
    if (next.done === true) throw debError(what, `it has no member "${name}"`);
    const member = next.value;
    if (member.name === name || member.name.startsWith(`${name}.`)) return member;
    if (name !== "debian-binary" && member.name.startsWith("_")) continue;
    throw debError(what, `it has the member "${member.name}" where "${name}" was wanted`);
  }
}

async function checkFormat({ content, size }: ArMember, what: string): Promise<void> {
  if (size > 64) throw debError(what, `its format number has ${size} bytes`);
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  const format = Buffer.concat(pieces).toString("latin1").split("\n", 1)[0] ?? "";
  if (/^2\.[0-9]+$/.test(format)) return;
  throw new ImgbuildError(
    "unsupported",
    `Cannot read package "${what}": its format is ${JSON.stringify(format)}, wanted 2.x`,
  );
}

const SUFFIXES = new Set(["", ".xz", ".gz", ".zst"]);

async function* decompressed(
  { name, content }: ArMember,
  { what, maxSize }: ReadDebOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!SUFFIXES.has(name.replace(/^(?:control|data)\.tar/, ""))) {
    throw new ImgbuildError("unsupported", `Cannot read package "${what}": "${name}" is not in xz, gzip or zstd`);
  }
  yield* decompress(content, { maxSize });
}

/** The error with the package's name, where what reads archives did not know it. */
function named(error: unknown, what: string): unknown {
  const isOurs = error instanceof ImgbuildError && (error.code === "invalid-archive" || error.code === "unsupported");
  if (!isOurs || error.message.includes(`package "`)) return error;
  const message = `Cannot read package "${what}": ${error.message.replace(/^Cannot /, "cannot ")}`;
  return new ImgbuildError(error.code, message, { hint: error.hint, cause: error });
}

function debError(what: string, reason: string): ImgbuildError {
  return new ImgbuildError("invalid-archive", `Cannot read package "${what}": ${reason}`);
}

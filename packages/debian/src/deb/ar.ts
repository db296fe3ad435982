import { ImgbuildError } from "@imgbuild/errors";
import { ByteReader } from "./byte-reader.ts";

const MAGIC = "!<arch>\n";
const HEADER_SIZE = 60;

/** A member of an `ar` archive. */
export interface ArMember {
  /** Without the `/` that GNU ar puts after it. */
  readonly name: string;
  readonly size: number;
  /** `size` bytes; what is not read is skipped. To be read once, before the next member is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Reads an `ar` archive (deb(5)) as it arrives. The source is read to its end, so that a verifying source sees every byte,
 * and closed when reading stops. `what` names the archive in errors; throws `invalid-archive`.
 */
export async function* readAr(
  source: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<ArMember, void, undefined> {
  const reader = new ByteReader(source);
  try {
    if ((await reader.take(MAGIC.length)).toString("latin1") !== MAGIC) throw arError(what, "it is no ar archive");
    for (;;) {
      const header = await reader.take(HEADER_SIZE);
      if (header.length === 0) return;
      const { name, size } = parseHeader(header, what);
      let left = size;
      const content = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
        while (left > 0) {
          const piece = await reader.some(left);
          if (piece === undefined) throw arError(what, `it ends within the member "${name}"`);
          left -= piece.length;
          yield piece;
        }
      };
      yield { name, size, content: content() };
      for await (const _skipped of content());
      if (size % 2 === 1) await reader.take(1);
    }
  } finally {
    await reader.close();
  }
}

function parseHeader(header: Buffer, what: string): { name: string; size: number } {
  if (header.length < HEADER_SIZE) throw arError(what, "it ends within a member's header");
  const text = header.toString("latin1");
  if (text.slice(58) !== "`\n") throw arError(what, "a member's header does not end as it should");
  const name = text.slice(0, 16).trimEnd().replace(/\/$/, "");
  const size = text.slice(48, 58).trimEnd();
  if (!/^[A-Za-z0-9_.+-]+$/.test(name)) throw arError(what, `a member has the name ${JSON.stringify(name)}`);
  if (!/^[0-9]{1,10}$/.test(size)) throw arError(what, `the size of "${name}" is ${JSON.stringify(size)}`);
  return { name, size: Number(size) };
}

function arError(what: string, reason: string): ImgbuildError {
  return new ImgbuildError("invalid-archive", `Cannot read package "${what}": ${reason}`, {
    hint: "Fetch the package again",
  });
}

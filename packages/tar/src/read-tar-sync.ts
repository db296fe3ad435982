import type { ReadTarOptions } from "./parse-options.ts";
import type { TarHeader } from "./tar-header.ts";
import { TarParser } from "./tar-parser.ts";

/** A member of an archive in memory. */
export interface TarMemberSync {
  readonly header: TarHeader;
  /** The whole content: a view of the archive's bytes where it lies there in one piece. Empty for all but files. */
  readonly content: Buffer;
}

const MAX_HOLE_BYTES = 2 ** 28;

/** Reads an archive that is in memory: same rules and errors as `readTar`, one step a member, no promises. */
export function* readTarSync(
  archive: Uint8Array,
  options: ReadTarOptions = {},
): Generator<TarMemberSync, void, undefined> {
  const maxHoleBytes = options.limits?.maxHoleBytes ?? MAX_HOLE_BYTES;
  const parser = new TarParser({ ...options, limits: { ...options.limits, maxHoleBytes } });
  parser.push(archive);
  parser.finish();
  let header: TarHeader | undefined;
  let pieces: Uint8Array[] = [];
  for (;;) {
    const event = parser.next();
    if (event?.kind === "data") {
      pieces.push(event.bytes);
      continue;
    }
    if (header !== undefined) yield { header, content: join(pieces) };
    if (event === undefined) return;
    header = event.header;
    pieces = [];
  }
}

function join(pieces: readonly Uint8Array[]): Buffer {
  const [only] = pieces;
  if (pieces.length !== 1 || only === undefined) return Buffer.concat(pieces);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}

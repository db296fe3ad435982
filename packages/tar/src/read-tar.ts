import { ImgbuildError } from "@imgbuild/errors";
import type { ReadTarOptions } from "./parse-options.ts";
import type { TarHeader } from "./tar-header.ts";
import { type TarEvent, TarParser } from "./tar-parser.ts";

/** A member of an archive that is being read. */
export interface TarMember {
  readonly header: TarHeader;
  /**
   * The content, `header.size` bytes, the holes of a sparse file as zeros. Can be read once, before the next member is
   * asked for; what was not read is skipped. The pieces are views of the input: copy what outlives the source's buffers.
   */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Reads a tar archive as it arrives, in bounded memory. Paths come without leading `/` or `./` and trailing `/` (the
 * root is the empty string); a `..` is left in: see `safePath`. Hard links never have content. The source is read to its
 * end, also past the end of the archive, so that a verifying source sees every byte; it is closed when reading stops.
 * Throws `invalid-archive` with member and offset for whatever is wrong, and what the source throws.
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  options: ReadTarOptions = {},
): AsyncGenerator<TarMember, void, undefined> {
  const parser = new TarParser(options);
  const input = source[Symbol.asyncIterator]();
  const pull = async (): Promise<TarEvent | undefined> => {
    for (;;) {
      const event = parser.next();
      if (event !== undefined || parser.done) return event;
      const piece = await input.next();
      if (piece.done === true) parser.finish();
      else parser.push(piece.value);
    }
  };
  const reader = new MemberReader(pull);
  let ended = false;
  try {
    for (;;) {
      if (!reader.isAhead) parser.skip();
      const header = await reader.nextMember();
      if (header === undefined) break;
      yield { header, content: reader.content() };
    }
    while ((await input.next()).done !== true);
    ended = true;
  } finally {
    if (!ended) await input.return?.();
  }
}

/** Turns the events of a parser into members with content of their own. */
class MemberReader {
  readonly #pull: () => Promise<TarEvent | undefined>;
  #ahead: TarHeader | undefined;
  #ended = false;
  #serial = 0;

  constructor(pull: () => Promise<TarEvent | undefined>) {
    this.#pull = pull;
  }

  /** True when reading content ran into the next member, whose content is still to come. */
  get isAhead(): boolean {
    return this.#ahead !== undefined;
  }

  async nextMember(): Promise<TarHeader | undefined> {
    this.#serial += 1;
    let header = this.#ahead;
    this.#ahead = undefined;
    while (header === undefined && !this.#ended) {
      const event = await this.#pull();
      if (event === undefined) this.#ended = true;
      else if (event.kind === "member") header = event.header;
    }
    return header;
  }

  content(): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#content(this.#serial);
  }

  async *#content(serial: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (serial !== this.#serial) {
        throw new ImgbuildError(
          "internal",
          "Cannot read the content of an archive member: the next member was asked for",
        );
      }
      if (this.#ahead !== undefined || this.#ended) return;
      const event = await this.#pull();
      if (event === undefined) this.#ended = true;
      else if (event.kind === "member") this.#ahead = event.header;
      else yield event.bytes;
    }
  }
}

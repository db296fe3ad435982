import { StringDecoder } from "node:string_decoder";

/** A longer line is passed on in pieces. */
const MAX_LENGTH = 8192;

/** Cuts what a program prints into lines, as they come; what redraws a line by carriage returns counts once. */
export class OutputLines {
  readonly #decoder = new StringDecoder("utf8");
  readonly #take: (lines: readonly string[]) => void;
  #rest = "";

  /** `take` is given lines without their line breaks; never none. */
  constructor(take: (lines: readonly string[]) => void) {
    this.#take = take;
  }

  add(bytes: Uint8Array): void {
    const parts = (this.#rest + this.#decoder.write(Buffer.from(bytes))).split("\n");
    this.#rest = parts.pop() ?? "";
    if (this.#rest.length > MAX_LENGTH) {
      parts.push(this.#rest);
      this.#rest = "";
    }
    if (parts.length > 0) this.#take(parts.map(lastDrawn));
  }

  /** To be called when nothing more comes. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = "";
    if (rest !== "") this.#take([lastDrawn(rest)]);
  }
}

function lastDrawn(line: string): string {
  const drawn = line.replace(/\r+$/, "");
  return drawn.slice(drawn.lastIndexOf("\r") + 1);
}

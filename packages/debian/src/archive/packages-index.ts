import { parseSingleStanza } from "../text/control.ts";
import type { Stanza } from "../text/stanza.ts";
import { type IndexOrigin, PackageEntry } from "./package-entry.ts";

const NEWLINE = 0x0a;
const SPACE = 0x20;
const FIRST_FIELD = Buffer.from("Package: ");

/**
 * A list of packages (`Packages`, decompressed). It is scanned once for names and places; stanzas are parsed when asked
 * for, and kept.
 */
export class PackagesIndex {
  readonly origin: IndexOrigin;
  readonly #text: Buffer;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #byName = new Map<string, number | number[]>();
  readonly #entries = new Map<number, PackageEntry>();
  #provides: Map<string, number[]> | undefined;

  constructor(text: Uint8Array, origin: IndexOrigin) {
    this.#text = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
    this.origin = origin;
    this.#scan();
  }

  /** Count of packages. */
  get size(): number {
    return this.#starts.length;
  }

  /** Names in the order of the list, each once. */
  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** The entries of this name, in the order of the list. Throws `invalid-archive` for one that cannot be read. */
  entries(name: string): readonly PackageEntry[] {
    const places = this.#byName.get(name);
    if (places === undefined) return [];
    return (typeof places === "number" ? [places] : places).map((place) => this.#entry(place));
  }

  /** Entries whose Provides name `name`, in the order of the list. The first call scans for all. */
  providers(name: string): readonly PackageEntry[] {
    this.#provides ??= this.#scanProvides();
    return (this.#provides.get(name) ?? []).map((place) => this.#entry(place));
  }

  /** Entries with a field of exactly this value, e.g. `Essential`, `yes`, in the order of the list. */
  withField(name: string, value: string): readonly PackageEntry[] {
    return this.#places(`${name}: ${value}\n`).map((place) => this.#entry(place));
  }

  #scan(): void {
    const text = this.#text;
    let start = 0;
    while (start < text.length) {
      while (text[start] === NEWLINE) start += 1;
      if (start >= text.length) break;
      const blank = text.indexOf("\n\n", start, "latin1");
      const end = blank === -1 ? text.length : blank + 1;
      this.#add(start, end);
      start = end;
    }
  }

  #add(start: number, end: number): void {
    const text = this.#text;
    const isFirst = text.compare(FIRST_FIELD, 0, FIRST_FIELD.length, start, start + FIRST_FIELD.length) === 0;
    const name = isFirst
      ? this.#lineAt(start + FIRST_FIELD.length, end).trim()
      : this.#stanza(start, end).get("Package");
    if (name === undefined) return;
    const place = this.#starts.push(start) - 1;
    this.#ends.push(end);
    const known = this.#byName.get(name);
    if (known === undefined) this.#byName.set(name, place);
    else if (typeof known === "number") this.#byName.set(name, [known, place]);
    else known.push(place);
  }

  #lineAt(start: number, end: number): string {
    const newline = this.#text.indexOf(NEWLINE, start);
    return this.#text.toString("latin1", start, newline === -1 ? end : Math.min(newline, end));
  }

  #stanza(start: number, end: number): Stanza {
    return parseSingleStanza(this.#text.toString("utf8", start, end), `package list of ${this.origin.suite}`);
  }

  #entry(place: number): PackageEntry {
    const known = this.#entries.get(place);
    if (known !== undefined) return known;
    const entry = new PackageEntry(this.#stanza(this.#starts[place] ?? 0, this.#ends[place] ?? 0), this.origin);
    this.#entries.set(place, entry);
    return entry;
  }

  /** Where lines start that start with `line`, but for the first line of a stanza. */
  *#linesWith(line: string): Generator<number, void, undefined> {
    const needle = Buffer.from(`\n${line}`);
    for (let at = this.#text.indexOf(needle); at !== -1; at = this.#text.indexOf(needle, at + 1)) yield at + 1;
  }

  /** The stanzas with a line that starts with `line`. */
  #places(line: string): readonly number[] {
    return [...new Set([...this.#linesWith(line)].map((offset) => this.#placeAt(offset)))];
  }

  /** The last stanza that starts at or before an offset. */
  #placeAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Names are taken from the text as it stands: an entry that turns out not to provide one is asked again later. */
  #scanProvides(): Map<string, number[]> {
    const provides = new Map<string, number[]>();
    for (const offset of this.#linesWith("Provides:")) {
      const place = this.#placeAt(offset);
      for (const item of this.#folded(offset + "Provides:".length).split(",")) {
        const name = /^\s*([A-Za-z0-9][A-Za-z0-9+.-]*)/.exec(item)?.[1];
        if (name === undefined) continue;
        const known = provides.get(name);
        if (known === undefined) provides.set(name, [place]);
        else if (known[known.length - 1] !== place) known.push(place);
      }
    }
    return provides;
  }

  /** A value with its continuation lines. */
  #folded(start: number): string {
    let end = start;
    do end = this.#text.indexOf(NEWLINE, end) + 1;
    while (end > 0 && this.#text[end] === SPACE);
    return this.#text.toString("latin1", start, end === 0 ? this.#text.length : end);
  }
}

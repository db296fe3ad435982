/** A field of a stanza: its name as written, and its value. */
export type StanzaField = readonly [name: string, value: string];

/**
 * One paragraph of a deb822 file. Names are found whatever their case. A value is its first line without surrounding
 * blanks and then, after a newline each, its continuation lines as they stand, leading blank included.
 */
export class Stanza {
  readonly #fields = new Map<string, StanzaField>();

  /** Later fields of one name (case apart) replace earlier ones in place. */
  constructor(fields: Iterable<StanzaField>) {
    for (const field of fields) this.#fields.set(field[0].toLowerCase(), field);
  }

  get(name: string): string | undefined {
    return this.#fields.get(name.toLowerCase())?.[1];
  }

  /** The value as one line, as relation fields are to be read; undefined when there is no such field. */
  folded(name: string): string | undefined {
    return this.get(name)?.replace(/\s*\n\s*/g, " ");
  }

  /** Continuation lines without their leading blank, as `Conffiles` and `SHA256` have them. */
  lines(name: string): readonly string[] {
    const [, ...lines] = this.get(name)?.split("\n") ?? [];
    return lines.map((line) => line.slice(1));
  }

  /** Fields in their order. */
  entries(): readonly StanzaField[] {
    return [...this.#fields.values()];
  }
}

import { ImgbuildError } from "@imgbuild/errors";
import { Stanza, type StanzaField } from "./stanza.ts";

const FIELD_NAME = /^[!-,.-9;-~][!-9;-~]*$/;

/**
 * Parses a deb822 text (deb822(5)) to its stanzas: folded and multi-line fields, `#` comments, CRLF line ends, blank
 * lines between. `where` names the text in errors. Throws `invalid-archive` with the line for whatever is not a field, for a
 * field that occurs twice in a stanza, and for NUL bytes.
 */
export function parseControl(text: string, where: string): readonly Stanza[] {
  const stanzas: Stanza[] = [];
  let fields: Map<string, [name: string, value: string]> = new Map();
  let open: [name: string, value: string] | undefined;
  const close = (): void => {
    if (fields.size > 0) stanzas.push(new Stanza(fields.values()));
    fields = new Map();
    open = undefined;
  };
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trimEnd();
    if (line.includes("\0")) throw controlError(where, index, "it has a NUL byte");
    if (raw.startsWith("#")) continue;
    if (line === "") close();
    else if (line.startsWith(" ") || line.startsWith("\t")) {
      if (open === undefined) throw controlError(where, index, "it continues a field, and there is none before it");
      open[1] += `\n${line}`;
    } else {
      open = fieldOf(line, () => controlError(where, index, 'wanted "Name: value"'));
      const key = open[0].toLowerCase();
      if (fields.has(key)) throw controlError(where, index, `the field "${open[0]}" is there twice`);
      fields.set(key, open);
    }
  }
  close();
  return stanzas;
}

/** Parses a text that has exactly one stanza; throws `invalid-archive` for none or several. */
export function parseSingleStanza(text: string, where: string): Stanza {
  const stanzas = parseControl(text, where);
  const [stanza] = stanzas;
  if (stanza !== undefined && stanzas.length === 1) return stanza;
  throw new ImgbuildError("invalid-archive", `Cannot read ${where}: it has ${stanzas.length} stanzas, wanted 1`);
}

/** Writes stanzas with a blank line after each but the last; {@link parseControl} reads the same fields back. */
export function formatControl(stanzas: readonly Stanza[]): string {
  return stanzas.map((stanza) => stanza.entries().map(formatField).join("")).join("\n");
}

function fieldOf(line: string, fault: () => ImgbuildError): [name: string, value: string] {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  if (!FIELD_NAME.test(name)) throw fault();
  return [name, line.slice(colon + 1).trim()];
}

function formatField([name, value]: StanzaField): string {
  const sound =
    FIELD_NAME.test(name) && value.split("\n").every((line, index) => index === 0 || /^[ \t]+\S/.test(line));
  if (!sound || value.includes("\0")) {
    throw new ImgbuildError("internal", `Cannot write the control field "${name}": its name or value cannot be one`);
  }
  return value === "" || value.startsWith("\n") ? `${name}:${value}\n` : `${name}: ${value}\n`;
}

function controlError(where: string, index: number, reason: string): ImgbuildError {
  return new ImgbuildError("invalid-archive", `Cannot read line ${index + 1} of ${where}: ${reason}`);
}

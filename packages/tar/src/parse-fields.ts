import type { Fault } from "./parse-options.ts";

/** The bytes of a text field up to its first NUL. */
export function cutAtNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}

/**
 * A number of a header: octal digits between spaces and NULs (nothing at all is 0), or with the first bit set GNU's
 * base-256, two's complement. Throws for anything else and beyond the safe integers.
 */
export function parseNumber(field: Buffer, what: string, fault: Fault): number {
  const lead = field[0] ?? 0;
  if (lead & 0x80) return parseBase256(field, what, fault);
  const text = cutAtNul(trimStart(field)).toString("latin1").trim();
  if (text === "") return 0;
  if (!/^[0-7]+$/.test(text)) throw fault(`its ${what} is ${JSON.stringify(text)}, wanted an octal number`);
  return Number.parseInt(text, 8);
}

function trimStart(field: Buffer): Buffer {
  let start = 0;
  while (field[start] === 0 || field[start] === 0x20) start += 1;
  return field.subarray(start);
}

function parseBase256(field: Buffer, what: string, fault: Fault): number {
  const negative = ((field[0] ?? 0) & 0x40) !== 0;
  let value = 0n;
  for (const [index, byte] of field.entries()) value = (value << 8n) | BigInt(index === 0 ? byte & 0x7f : byte);
  if (negative) value -= 1n << BigInt(field.length * 8 - 1);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw fault(`its ${what} is ${value}, which is too large`);
  return number;
}

/** A whole decimal number of 0 or more, as PAX writes it. */
export function parseDecimal(text: string, what: string, fault: Fault): number {
  const number = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw fault(`its ${what} is ${JSON.stringify(text)}, wanted a whole number`);
  return number;
}

/** Whole seconds of a PAX time such as `-1.5`, rounded down. */
export function parseTime(text: string, fault: Fault): number {
  const seconds = /^-?[0-9]{1,16}(\.[0-9]*)?$/.test(text) ? floorSeconds(text) : Number.NaN;
  if (!Number.isSafeInteger(seconds)) throw fault(`its mtime is ${JSON.stringify(text)}, wanted seconds`);
  return seconds;
}

function floorSeconds(text: string): number {
  const [whole = "", fraction = ""] = text.split(".");
  const seconds = Number(whole);
  if (!text.startsWith("-")) return seconds;
  return /[1-9]/.test(fraction) ? seconds - 1 : seconds + 0;
}

/** Text from UTF-8 bytes; see {@link ReadTarOptions.nonUtf8}. */
export function decodeText(bytes: Buffer, what: string, options: { fault: Fault; replace: boolean }): string {
  const text = bytes.toString("utf8");
  if (options.replace || !text.includes("\uFFFD") || Buffer.from(text, "utf8").equals(bytes)) return text;
  throw options.fault(`its ${what} "${text}" is not UTF-8`);
}

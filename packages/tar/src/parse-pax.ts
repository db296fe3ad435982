import type { Fault } from "./parse-options.ts";

/** One record of a PAX header. Values are bytes: extended attributes are not text. */
export interface PaxRecord {
  readonly key: string;
  readonly value: Buffer;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const EQUALS = 0x3d;
const TEXT_KEYS = new Set(["path", "linkpath", "uname", "gname", "GNU.sparse.name"]);

/** The records of a PAX header in order; throws when one is not `length key=value\n` to the byte. */
export function parsePax(data: Buffer, fault: Fault): PaxRecord[] {
  const records: PaxRecord[] = [];
  let at = 0;
  while (at < data.length) {
    // Some writers pad with NULs inside the size.
    if (data[at] === 0 && data.subarray(at).every((byte) => byte === 0)) break;
    const end = recordEnd(data, at);
    const equals = end === undefined ? -1 : data.indexOf(EQUALS, at);
    const space = data.indexOf(SPACE, at);
    if (end === undefined || equals === -1 || equals >= end - 1 || equals <= space + 1) {
      throw fault("a record of its PAX header is malformed");
    }
    const key = data.toString("utf8", space + 1, equals);
    const value = data.subarray(equals + 1, end - 1);
    if (TEXT_KEYS.has(key) && value.includes(0)) throw fault(`its PAX record "${key}" contains a NUL`);
    records.push({ key, value });
    at = end;
  }
  return records;
}

/** Where the record that starts at `at` ends, by its own length; undefined when that cannot be. */
function recordEnd(data: Buffer, at: number): number | undefined {
  const space = data.subarray(at, at + 17).indexOf(SPACE);
  const digits = data.toString("latin1", at, at + Math.max(space, 0));
  if (!/^[0-9]+$/.test(digits)) return undefined;
  const end = at + Number(digits);
  return end <= data.length && end > at + space + 1 && data[end - 1] === NEWLINE ? end : undefined;
}

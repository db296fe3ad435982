import { parseDecimal, parseNumber } from "./parse-fields.ts";
import type { Fault } from "./parse-options.ts";
import type { PaxRecord } from "./parse-pax.ts";

/** A stretch of data of a sparse file; between stretches, and up to the file's size, are zeros. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** A run of bytes of a member's content: from the archive, or zeros. */
export interface Run {
  readonly hole: boolean;
  readonly length: number;
}

const GNU_ENTRY = 24;

/** Reads the entries of GNU's old format in `bytes` (a whole number of 24-byte entries) up to the first unused one. */
export function parseGnuEntries(bytes: Buffer, fault: Fault): Stretch[] {
  const stretches: Stretch[] = [];
  for (let at = 0; at + GNU_ENTRY <= bytes.length; at += GNU_ENTRY) {
    if (bytes[at] === 0) break;
    const offset = parseNumber(bytes.subarray(at, at + 12), "sparse map", fault);
    const length = parseNumber(bytes.subarray(at + 12, at + 24), "sparse map", fault);
    stretches.push({ offset, length });
  }
  return stretches;
}

/** Pairs up the numbers `offset, length, offset, length …`. */
export function pairUp(numbers: readonly string[], fault: Fault): Stretch[] {
  if (numbers.length % 2 !== 0) throw fault("its sparse map has an offset without a length");
  return Array.from({ length: numbers.length / 2 }, (_, index) => ({
    offset: parseDecimal(numbers[2 * index] ?? "", "sparse map", fault),
    length: parseDecimal(numbers[2 * index + 1] ?? "", "sparse map", fault),
  }));
}

/** The map of PAX sparse formats 0.0 (repeated records) and 0.1 (one record); undefined when there is none. */
export function parsePaxMap(records: readonly PaxRecord[], fault: Fault): Stretch[] | undefined {
  const map = records.findLast(({ key }) => key === "GNU.sparse.map")?.value.toString("latin1");
  if (map !== undefined) return map === "" ? [] : pairUp(map.split(","), fault);
  const parts = records.filter(({ key }) => key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes");
  const ordered = parts.every(({ key }, index) => (key === "GNU.sparse.offset") === (index % 2 === 0));
  if (!ordered) throw fault("its sparse map is out of order");
  if (parts.length === 0 && !records.some(({ key }) => key === "GNU.sparse.size")) return undefined;
  return pairUp(
    parts.map(({ value }) => value.toString("latin1")),
    fault,
  );
}

/**
 * The content as runs, in order. Throws unless the stretches are in order, apart, within `size`, and together as long
 * as the data in the archive.
 */
export function runsOf(stretches: readonly Stretch[], sizes: { size: number; stored: number }, fault: Fault): Run[] {
  const runs: Run[] = [];
  let at = 0;
  let stored = 0;
  for (const { offset, length } of stretches) {
    if (offset < at || length < 0 || offset + length > sizes.size) throw fault("its sparse map does not fit its size");
    if (offset > at) runs.push({ hole: true, length: offset - at });
    if (length > 0) runs.push({ hole: false, length });
    at = offset + length;
    stored += length;
  }
  if (stored !== sizes.stored) throw fault(`its sparse map names ${stored} bytes of data, wanted ${sizes.stored}`);
  if (sizes.size > at) runs.push({ hole: true, length: sizes.size - at });
  return runs;
}

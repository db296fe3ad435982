import * as zlib from "node:zlib";

const POLYNOMIAL = 0xedb88320;
const TABLE = makeTable();

function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    table[byte] = value;
  }
  return table;
}

/** CRC-32 by table, for a Node without `zlib.crc32` (before 20.15). Same contract as {@link crc32}. */
export function crc32ByTable(bytes: Uint8Array, seed = 0): number {
  let value = ~seed;
  for (let index = 0; index < bytes.length; index++) {
    value = (value >>> 8) ^ (TABLE[(value ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  }
  return ~value >>> 0;
}

type Crc32 = (bytes: Uint8Array, seed?: number) => number;

/** CRC-32 as in gzip, unsigned. `seed` is the CRC of the bytes before these: 0 (the default) at the start. */
export const crc32: Crc32 = (zlib as { readonly crc32?: Crc32 }).crc32 ?? crc32ByTable;

/** A 32 × 32 matrix over GF(2): a word per column. */
type Matrix = Uint32Array;

function apply(matrix: Matrix, vector: number): number {
  let sum = 0;
  for (let row = 0, rest = vector >>> 0; rest !== 0; row++, rest >>>= 1) if (rest & 1) sum ^= matrix[row] ?? 0;
  return sum >>> 0;
}

function square(matrix: Matrix): Matrix {
  return matrix.map((column) => apply(matrix, column));
}

/** Element n moves a CRC over 2^n zero bytes; 53 cover every safe integer. Made when first needed: most runs do not. */
let powers: readonly Matrix[] | undefined;

function makePowers(): Matrix[] {
  const oneBit = Uint32Array.from({ length: 32 }, (_, column) => (column === 0 ? POLYNOMIAL : 2 ** (column - 1)));
  const oneByte = square(square(square(oneBit)));
  const made = [oneByte];
  for (let last = oneByte; made.length < 53; made.push(last)) last = square(last);
  return made;
}

/** The CRC-32 of A followed by B, from the CRC of each and the length of B in bytes. */
export function combineCrc32(a: number, b: number, lengthB: number): number {
  powers ??= makePowers();
  let moved = a;
  for (let rest = lengthB, power = 0; rest > 0; rest = Math.floor(rest / 2), power++) {
    const matrix = powers[power];
    if (rest % 2 === 1 && matrix !== undefined) moved = apply(matrix, moved);
  }
  return (moved ^ b) >>> 0;
}

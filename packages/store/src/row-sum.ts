import { hash } from "node:crypto";

/** A checksum over the parts of a row, key included, so that no changed bit and no swapped row goes unnoticed. */
export function rowSum(...parts: readonly (string | number)[]): string {
  return hash("sha256", parts.join("\0"), "hex").slice(0, 16);
}

/** As {@link rowSum}, for a row with one value of bytes. */
export function bytesSum(key: string, bytes: Uint8Array): string {
  return rowSum(key, hash("sha256", bytes, "hex"));
}

/** The same memory as a Buffer: the drivers differ in what they give. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

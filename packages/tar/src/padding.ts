/** Bytes of a tar record: headers are whole records and content is padded to them. */
export const RECORD_SIZE = 512;

/** Two empty records, which end an archive. Do not write to it. */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * RECORD_SIZE);

/** Zero bytes that must follow `size` bytes of content: 0 to 511. Right for sizes above 2^32 too. */
export function paddingOf(size: number): number {
  const rest = size % RECORD_SIZE;
  return rest === 0 ? 0 : RECORD_SIZE - rest;
}

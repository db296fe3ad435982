import { RECORD_SIZE } from "./padding.ts";
import type { TarHeader, TarType } from "./tar-header.ts";
import { FIELD, TYPE_FLAG } from "./ustar-layout.ts";

const ZERO = 0x30;
const { mode, uid, gid, size, mtime, devMajor, devMinor } = FIELD;
const OCTAL_FIELDS = [mode, uid, gid, size, mtime, devMajor, devMinor];
const TYPE_BYTE = Object.fromEntries(
  Object.entries(TYPE_FLAG).map(([type, flag]) => [type, flag.charCodeAt(0)]),
) as Readonly<Record<TarType, number>>;

const PAX_TYPE = "x".charCodeAt(0);
const PAX_OWNER = {
  mode: 0o644,
  uid: 0,
  gid: 0,
  uname: "",
  gname: "",
  mtime: 0,
  linkname: "",
  devMajor: 0,
  devMinor: 0,
};

/** Six octal digits, NUL, space. */
const CHECKSUM_FRAME = Buffer.from("000000\0 ", "latin1");

function makeTemplate(): Buffer {
  const block = Buffer.alloc(RECORD_SIZE);
  block.set(CHECKSUM_FRAME, FIELD.checksum[0]);
  for (const [at, width] of OCTAL_FIELDS) block.fill(ZERO, at, at + width - 1);
  block.write("ustar\u000000", FIELD.magic[0], "latin1");
  return block;
}

const TEMPLATE = makeTemplate();
/** The checksum counts its own eight bytes as spaces. */
const TEMPLATE_SUM = sumOf(TEMPLATE) - sumOf(CHECKSUM_FRAME) + 8 * 0x20;

function sumOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum + byte, 0);
}

/** Writes `text[from, to)`, which is ASCII, and gives the sum of its bytes. */
function putAscii(block: Buffer, at: number, text: string, from: number, to: number): number {
  let sum = 0;
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index);
    block[at + index - from] = code;
    sum += code;
  }
  return sum;
}

/**
 * Writes `value` over the `digits` zeros of the template and gives the growth of the sum of bytes. Stops at the last
 * digit that is not 0. Bit operations reach 30 bits; sizes have 33.
 */
function putOctal(block: Buffer, at: number, digits: number, value: number): number {
  let sum = 0;
  let place = at + digits - 1;
  let rest = value;
  while (rest >= 0x40000000) {
    const digit = rest % 8;
    block[place--] = ZERO + digit;
    sum += digit;
    rest = (rest - digit) / 8;
  }
  while (rest > 0) {
    const digit = rest & 7;
    block[place--] = ZERO + digit;
    sum += digit;
    rest >>= 3;
  }
  return sum;
}

/**
 * One ustar header block. The caller has made sure that every text is ASCII and fits, and every number too. `name` is
 * the path as written; with `split` > 0 its first `split` characters go to the prefix field and the `/` there to none.
 */
export function ustarBlock(header: TarHeader, name: string, split: number): Buffer {
  return typedBlock(header, name, { split, type: TYPE_BYTE[header.type] });
}

/** The block of a PAX header with `size` bytes of records. Nothing in it depends on the machine or the time. */
export function paxBlock(name: string, size: number): Buffer {
  return typedBlock({ ...PAX_OWNER, size }, name, { split: 0, type: PAX_TYPE });
}

type PlainFields = Omit<TarHeader, "path" | "type" | "xattrs">;

function typedBlock(header: PlainFields, name: string, options: { split: number; type: number }): Buffer {
  const { split, type } = options;
  const block = Buffer.allocUnsafe(RECORD_SIZE);
  block.set(TEMPLATE);
  block[FIELD.type[0]] = type;
  let sum = TEMPLATE_SUM + type;
  sum += putAscii(block, FIELD.name[0], name, split === 0 ? 0 : split + 1, name.length);
  if (split > 0) sum += putAscii(block, FIELD.prefix[0], name, 0, split);
  sum += putOctal(block, FIELD.mode[0], 7, header.mode);
  sum += putOctal(block, FIELD.uid[0], 7, header.uid);
  sum += putOctal(block, FIELD.gid[0], 7, header.gid);
  sum += putOctal(block, FIELD.size[0], 11, header.size);
  sum += putOctal(block, FIELD.mtime[0], 11, header.mtime);
  sum += putAscii(block, FIELD.linkname[0], header.linkname, 0, header.linkname.length);
  sum += putAscii(block, FIELD.uname[0], header.uname, 0, header.uname.length);
  sum += putAscii(block, FIELD.gname[0], header.gname, 0, header.gname.length);
  sum += putOctal(block, FIELD.devMajor[0], 7, header.devMajor);
  sum += putOctal(block, FIELD.devMinor[0], 7, header.devMinor);
  putOctal(block, FIELD.checksum[0], 6, sum);
  return block;
}

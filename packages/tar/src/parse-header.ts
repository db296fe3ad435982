import { cutAtNul, parseNumber } from "./parse-fields.ts";
import type { Fault } from "./parse-options.ts";
import { FIELD } from "./ustar-layout.ts";

/** A header block as it stands, before PAX and GNU extensions. Texts are bytes. */
export interface RawHeader {
  readonly name: Buffer;
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly linkname: Buffer;
  readonly uname: Buffer;
  readonly gname: Buffer;
  readonly devMajor: number;
  readonly devMinor: number;
  /** The whole block, for what GNU keeps in it. */
  readonly block: Buffer;
}

const NOTHING = Buffer.alloc(0);
const SLASH = Buffer.from("/", "latin1");

/** Reads one header block and checks its checksum. Formats: v7, ustar, star, GNU. */
export function parseHeader(block: Buffer, fault: Fault): RawHeader {
  checkSum(block, fault);
  const part = ([at, width]: readonly [number, number]): Buffer => block.subarray(at, at + width);
  const number = (field: readonly [number, number], what: string): number => parseNumber(part(field), what, fault);
  const magic = block.toString("latin1", 257, 263);
  const hasOwners = magic === "ustar\0" || magic === "ustar ";
  const flag = String.fromCharCode(block[FIELD.type[0]] ?? 0);
  const isDevice = hasOwners && (flag === "3" || flag === "4");
  return {
    name: joinPrefix(prefixOf(block, magic), cutAtNul(part(FIELD.name))),
    flag,
    mode: number(FIELD.mode, "mode") & 0o7777,
    uid: number(FIELD.uid, "uid"),
    gid: number(FIELD.gid, "gid"),
    size: number(FIELD.size, "size"),
    mtime: number(FIELD.mtime, "mtime"),
    linkname: cutAtNul(part(FIELD.linkname)),
    uname: hasOwners ? cutAtNul(part(FIELD.uname)) : NOTHING,
    gname: hasOwners ? cutAtNul(part(FIELD.gname)) : NOTHING,
    devMajor: isDevice ? number(FIELD.devMajor, "device number") : 0,
    devMinor: isDevice ? number(FIELD.devMinor, "device number") : 0,
    block,
  };
}

/** GNU's old format has times where ustar has the prefix; star's prefix is shorter. */
function prefixOf(block: Buffer, magic: string): Buffer {
  if (magic !== "ustar\0") return NOTHING;
  const [at, width] = FIELD.prefix;
  const isStar = block.toString("latin1", 508, 512) === "tar\0";
  return cutAtNul(block.subarray(at, at + (isStar ? 131 : width)));
}

function joinPrefix(prefix: Buffer, name: Buffer): Buffer {
  return prefix.length === 0 ? name : Buffer.concat([prefix, SLASH, name]);
}

/** Some old writers summed signed bytes, so both sums are right. */
function checkSum(block: Buffer, fault: Fault): void {
  const [at, width] = FIELD.checksum;
  const wanted = parseNumber(block.subarray(at, at + width), "checksum", fault);
  let plain = width * 0x20;
  let signed = plain;
  for (let index = 0; index < block.length; index++) {
    if (index === at) index += width;
    const byte = block[index] ?? 0;
    plain += byte;
    signed += byte > 0x7f ? byte - 0x100 : byte;
  }
  if (plain !== wanted && signed !== wanted) throw fault(`its checksum is ${wanted}, wanted ${plain}`);
}

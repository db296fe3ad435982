import { checkHeader, headerError } from "./check-header.ts";
import { encodePax } from "./encode-pax.ts";
import { trimSlashes } from "./member-path.ts";
import { paddingOf } from "./padding.ts";
import type { TarHeader } from "./tar-header.ts";
import { paxBlock, ustarBlock } from "./ustar-block.ts";
import { FIELD, MAX_OCTAL_7, MAX_OCTAL_11 } from "./ustar-layout.ts";

const NAME_SIZE = FIELD.name[1];
const PREFIX_SIZE = FIELD.prefix[1];
const LINK_SIZE = FIELD.linkname[1];
/** One less than the field: POSIX wants a NUL at the end of owner names. */
const OWNER_SIZE = FIELD.uname[1] - 1;
const ONLY_PAX = -1;

/**
 * The bytes that go before a member's content: a ustar header, and before it a PAX header where ustar cannot say the
 * whole truth. Equal headers give equal bytes. The length is a multiple of 512; the content that follows is padded with
 * {@link paddingOf} zero bytes. Throws `internal` for a header that cannot be written (empty path, NUL, mode over 0o7777).
 * Source: POSIX.1-2001 pax; extended attributes as `SCHILY.xattr.*`, as GNU tar and Go read them.
 */
export function encodeHeader(header: TarHeader): Buffer {
  checkHeader(header);
  const name = header.type === "directory" && !header.path.endsWith("/") ? `${header.path}/` : header.path;
  const split = isAscii(name, header) ? splitName(name) : ONLY_PAX;
  if (
    split !== ONLY_PAX &&
    header.uid <= MAX_OCTAL_7 &&
    header.gid <= MAX_OCTAL_7 &&
    header.size <= MAX_OCTAL_11 &&
    fitsTime(header.mtime) &&
    fits(header.linkname, LINK_SIZE, header) &&
    fits(header.uname, OWNER_SIZE, header) &&
    fits(header.gname, OWNER_SIZE, header) &&
    (header.xattrs === undefined || header.xattrs.size === 0)
  ) {
    return ustarBlock(header, name, split);
  }
  return encodeWithPax(header, name, split);
}

function fitsTime(mtime: number): boolean {
  return mtime >= 0 && mtime <= MAX_OCTAL_11;
}

function fits(text: string, size: number, header: TarHeader): boolean {
  return text === "" || (isAscii(text, header) && text.length <= size);
}

function isAscii(text: string, header: TarHeader): boolean {
  let bits = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0) throw headerError(header.path, "a text in it contains a NUL");
    bits |= code;
  }
  return bits < 0x80;
}

/** Where the prefix field ends: 0 when the name needs none, `ONLY_PAX` when no `/` is at a place that fits. */
function splitName(name: string): number {
  if (name.length <= NAME_SIZE) return 0;
  const at = name.indexOf("/", name.length - NAME_SIZE - 1);
  return at > 0 && at <= PREFIX_SIZE && at < name.length - 1 ? at : ONLY_PAX;
}

function encodeWithPax(header: TarHeader, name: string, split: number): Buffer {
  const records = new Map<string, string | Uint8Array>();
  const text = (key: string, value: string, size: number): string => {
    if (fits(value, size, header)) return value;
    records.set(key, wellFormed(value, header));
    return placeholder(value, size);
  };
  const amount = (key: string, value: number, fit: boolean): number => {
    if (fit) return value;
    records.set(key, String(value));
    return 0;
  };
  if (split === ONLY_PAX) records.set("path", wellFormed(name, header));
  const plain: TarHeader = {
    ...header,
    linkname: text("linkpath", header.linkname, LINK_SIZE),
    uname: text("uname", header.uname, OWNER_SIZE),
    gname: text("gname", header.gname, OWNER_SIZE),
    uid: amount("uid", header.uid, header.uid <= MAX_OCTAL_7),
    gid: amount("gid", header.gid, header.gid <= MAX_OCTAL_7),
    size: amount("size", header.size, header.size <= MAX_OCTAL_11),
    mtime: amount("mtime", header.mtime, fitsTime(header.mtime)),
  };
  for (const [key, value] of header.xattrs ?? []) records.set(xattrKey(key, header), value);
  const main = split === ONLY_PAX ? ustarBlock(plain, placeholder(name, NAME_SIZE), 0) : ustarBlock(plain, name, split);
  return Buffer.concat([paxBlocks(encodePax(records), header.path), main]);
}

function xattrKey(key: string, header: TarHeader): string {
  if (key === "" || key.includes("=") || key.includes("\0")) {
    throw headerError(header.path, `the name of its attribute "${key}" is empty or contains "=" or NUL`);
  }
  return `SCHILY.xattr.${wellFormed(key, header)}`;
}

/** A lone surrogate has no UTF-8 form: writing it would silently write another name. */
function wellFormed(text: string, header: TarHeader): string {
  if (/\p{Surrogate}/u.test(text)) throw headerError(header.path, "a text in it is not well-formed Unicode");
  return text;
}

/** What a reader without PAX sees. */
function placeholder(text: string, size: number): string {
  return text.slice(0, size).replace(/[^\x20-\x7e]/g, "_");
}

function paxBlocks(content: Buffer, path: string): Buffer {
  const base = trimSlashes(path).split("/").at(-1) ?? "";
  const name = placeholder(`PaxHeaders.0/${base}`, NAME_SIZE);
  return Buffer.concat([paxBlock(name, content.length), content, Buffer.alloc(paddingOf(content.length))]);
}

import { type MemberMeta, XATTR } from "./member-meta.ts";
import { memberPath } from "./member-path.ts";
import { decodeText, parseDecimal, parseNumber, parseTime } from "./parse-fields.ts";
import type { RawHeader } from "./parse-header.ts";
import type { Fault } from "./parse-options.ts";
import { parseGnuEntries, parsePaxMap, type Stretch } from "./sparse-map.ts";
import type { TarHeader, TarType } from "./tar-header.ts";
import { TYPE_FLAG } from "./ustar-layout.ts";

/** A member as its headers say. */
export interface BuiltMember {
  readonly header: TarHeader;
  /** Bytes that the archive holds for it. */
  readonly stored: number;
  /** Where they belong in a sparse file; `old` and `inline` maps go on in the archive. */
  readonly sparse?: { readonly map: Stretch[]; readonly more: "none" | "old" | "inline" };
}

const TYPE_OF = new Map<string, TarType>([
  ...Object.entries(TYPE_FLAG).map(([type, flag]): [string, TarType] => [flag, type as TarType]),
  ["\0", "file"],
  ["7", "file"],
  ["S", "file"],
  ["D", "directory"],
]);

interface Context {
  readonly fault: Fault;
  readonly replace: boolean;
}

/** Puts a header block and what was said before it together. Throws for kinds of members that have no place in an image. */
export function buildMember(raw: RawHeader, meta: MemberMeta, context: Context): BuiltMember {
  const { fault } = context;
  const pax = meta.isPlain ? NO_RECORDS : meta.values();
  const number = (key: string, plain: number): number => {
    const value = pax.get(key);
    return value === undefined ? plain : parseDecimal(value.toString("latin1"), key, fault);
  };
  const text = (key: string, plain: Buffer): string => decodeText(pax.get(key) ?? plain, key, context);
  const written = decodeText(meta.longName ?? pax.get("path") ?? raw.name, "name", context);
  const size = number("size", raw.size);
  const type = typeOf(raw.flag, written, size);
  if (type === undefined) throw fault(`it is of the unknown type ${JSON.stringify(raw.flag)}`);
  const mtime = pax.get("mtime");
  const isLink = type === "symlink" || type === "hardlink";
  const link = isLink ? decodeText(meta.longLink ?? pax.get("linkpath") ?? raw.linkname, "link target", context) : "";
  const stored = type === "file" || raw.flag === "D" ? size : 0;
  const sparse = type === "file" ? sparseOf(raw, meta, { pax, stored, ...context }) : undefined;
  const header: TarHeader = {
    path: memberPath(sparse?.name ?? written),
    type,
    mode: raw.mode,
    uid: number("uid", raw.uid),
    gid: number("gid", raw.gid),
    uname: text("uname", raw.uname),
    gname: text("gname", raw.gname),
    size: sparse?.size ?? (type === "file" ? size : 0),
    mtime: mtime === undefined ? raw.mtime : parseTime(mtime.toString("latin1"), fault),
    linkname: type === "hardlink" ? memberPath(link) : link,
    devMajor: raw.devMajor,
    devMinor: raw.devMinor,
    xattrs: xattrsOf(pax),
  };
  check(header, stored, fault);
  return sparse === undefined ? { header, stored } : { header, stored, sparse };
}

const NO_RECORDS: ReadonlyMap<string, Buffer> = new Map();

/** v7 has no directories but by name. With content it is a file all the same, as Go reads it. */
function typeOf(flag: string, written: string, size: number): TarType | undefined {
  const slash = written.endsWith("/");
  if (slash && (flag === "\0" || ((flag === "0" || flag === "7") && size === 0))) return "directory";
  return TYPE_OF.get(flag);
}

function xattrsOf(pax: ReadonlyMap<string, Buffer>): ReadonlyMap<string, Uint8Array> | undefined {
  if (pax === NO_RECORDS) return undefined;
  const found = [...pax].filter(([key]) => key.startsWith(XATTR) && key.length > XATTR.length);
  if (found.length === 0) return undefined;
  // Copies, since the records are views of the input.
  return new Map(found.map(([key, value]) => [key.slice(XATTR.length), Buffer.from(value)]));
}

function check(header: TarHeader, stored: number, fault: Fault): void {
  if (header.path === "" && header.type !== "directory") throw fault("it has no name");
  if (header.uid < 0 || header.gid < 0) throw fault(`its owner is ${header.uid}:${header.gid}, wanted 0 or more`);
  if (header.devMajor < 0 || header.devMinor < 0) throw fault("its device number is negative");
  if (!Number.isSafeInteger(header.size) || header.size < 0 || stored < 0 || !Number.isSafeInteger(stored)) {
    throw fault(`its size is ${header.size}, wanted a whole number`);
  }
  const isLink = header.type === "symlink" || header.type === "hardlink";
  if (isLink && header.linkname === "") throw fault("it is a link without a target");
}

interface SparseContext extends Context {
  readonly pax: ReadonlyMap<string, Buffer>;
}

interface SparseFacts {
  readonly map: Stretch[];
  readonly more: "none" | "old" | "inline";
  readonly size: number;
  readonly name?: string;
}

/** What makes the member a sparse file: GNU's old format (type S), or one of the three PAX formats. */
function sparseOf(
  raw: RawHeader,
  meta: MemberMeta,
  context: SparseContext & { stored: number },
): SparseFacts | undefined {
  const { fault } = context;
  if (raw.flag === "S") {
    const map = parseGnuEntries(raw.block.subarray(386, 482), fault);
    const size = parseNumber(raw.block.subarray(483, 495), "size", fault);
    return { map, more: raw.block[482] === 0 ? "none" : "old", size };
  }
  if (!meta.records.some(({ key }) => key.startsWith("GNU.sparse."))) return undefined;
  const local = (key: string): string | undefined =>
    meta.records.findLast((record) => record.key === `GNU.sparse.${key}`)?.value.toString("latin1");
  const nameBytes = meta.records.findLast(({ key }) => key === "GNU.sparse.name")?.value;
  const name = nameBytes === undefined ? {} : { name: decodeText(nameBytes, "name", context) };
  const sizeText = local("realsize") ?? local("size");
  const size = sizeText === undefined ? undefined : parseDecimal(sizeText, "size", fault);
  const version = `${local("major") ?? "0"}.${local("minor") ?? "0"}`;
  if (version === "1.0") return { map: [], more: "inline", size: needed(size, fault), ...name };
  if (version !== "0.0" && version !== "0.1") throw fault(`it is sparse in the unknown format ${version}`);
  const map = parsePaxMap(meta.records, fault);
  return map === undefined ? undefined : { map, more: "none", size: needed(size, fault), ...name };
}

function needed(size: number | undefined, fault: Fault): number {
  if (size === undefined) throw fault("it is sparse but does not say its size");
  return size;
}

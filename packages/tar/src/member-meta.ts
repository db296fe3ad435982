import { cutAtNul } from "./parse-fields.ts";
import type { Fault } from "./parse-options.ts";
import { type PaxRecord, parsePax } from "./parse-pax.ts";

/**
 * The records that make sense for many members. Every member pays for every global record, so a few large ones would make
 * a small archive slow to read.
 */
const GLOBAL_KEYS = new Set(["uid", "gid", "uname", "gname", "mtime"]);
const MAX_GLOBAL_VALUE = 4096;

/** What the headers before a member's own say about it: PAX, local and global, and GNU long names. */
export class MemberMeta {
  readonly #global = new Map<string, Buffer>();
  #local: PaxRecord[] = [];
  #longName: Buffer | undefined;
  #longLink: Buffer | undefined;
  /** Such headers since the last member. */
  count = 0;

  static isMeta(flag: string): boolean {
    return "xXgLK".includes(flag);
  }

  add(flag: string, content: Buffer, fault: Fault): void {
    this.count += 1;
    if (flag === "L") this.#longName = cutAtNul(content);
    else if (flag === "K") this.#longLink = cutAtNul(content);
    else if (flag === "g") this.#addGlobal(parsePax(content, fault), fault);
    else this.#local = parsePax(content, fault);
  }

  #addGlobal(records: readonly PaxRecord[], fault: Fault): void {
    for (const { key, value } of records) {
      if (!GLOBAL_KEYS.has(key)) continue;
      if (value.length > MAX_GLOBAL_VALUE) throw fault(`its global PAX record "${key}" has ${value.length} bytes`);
      this.#global.set(key, value);
    }
  }

  /** Records of the local header alone, in order: sparse maps repeat keys. */
  get records(): readonly PaxRecord[] {
    return this.#local;
  }

  get longName(): Buffer | undefined {
    return this.#longName;
  }

  get longLink(): Buffer | undefined {
    return this.#longLink;
  }

  /** All that PAX says about the next member. An empty value takes back what was said, a global record too. */
  values(): Map<string, Buffer> {
    const values = new Map(this.#global);
    for (const { key, value } of this.#local) values.set(key, value);
    for (const [key, value] of values) if (value.length === 0 && !key.startsWith(XATTR)) values.delete(key);
    return values;
  }

  /** True when `values` would be empty. */
  get isPlain(): boolean {
    return this.#global.size === 0 && this.#local.length === 0;
  }

  /** Forgets all but the global records: the member is read. */
  next(): void {
    this.#local = [];
    this.#longName = undefined;
    this.#longLink = undefined;
    this.count = 0;
  }
}

/** What the keys of extended attributes start with. */
export const XATTR = "SCHILY.xattr.";

import { ImgbuildError } from "@imgbuild/errors";
import { byCodeUnit } from "../text/by-code-unit.ts";
import type { WantedAccount, WantedUser } from "./accounts.ts";

/** Where accounts start from. */
export interface AccountBase {
  /** Text of `usr/share/base-passwd/passwd.master`, or of an `/etc/passwd`. */
  readonly passwd: string;
  /** Text of `usr/share/base-passwd/group.master`, or of an `/etc/group`. */
  readonly group: string;
}

/** The texts of `/etc/passwd`, `/etc/group`, `/etc/shadow` and `/etc/gshadow`. No account has a password. */
export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
  /** Mode 0640, owner root:shadow. */
  readonly shadow: string;
  readonly gshadow: string;
}

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: Set<string>;
}

const FIRST_SYSTEM_ID = 100;
const LAST_SYSTEM_ID = 999;

/**
 * Base accounts, then those that packages want and that are not there, as adduser would have made them: numbers from 100
 * up in the order of the names, fixed ones first. Equal wants in any order give equal files. Throws `conflict` when a fixed
 * number is taken or none is left, `invalid-archive` for a base that is no passwd or group.
 */
export function accountFiles(base: AccountBase, wanted: readonly WantedAccount[]): AccountFiles {
  const book = new AccountBook(base);
  const sorted = [...wanted].sort((a, b) => byCodeUnit(sortKey(a), sortKey(b)));
  for (const account of sorted) if (account.kind === "group") book.addGroup(account.name, account.gid);
  for (const account of sorted) if (account.kind === "user") book.addUser(account);
  for (const account of sorted) if (account.kind === "member") book.addMember(account.user, account.group);
  return book.files();
}

/** Fixed numbers before others, then by name. */
function sortKey(account: WantedAccount): string {
  if (account.kind === "member") return `2 ${account.group} ${account.user}`;
  const fixed = (account.kind === "user" ? account.uid : account.gid) !== undefined;
  return `${fixed ? 0 : 1} ${account.name}`;
}

class AccountBook {
  readonly #passwd: string[];
  readonly #users = new Map<string, number>();
  readonly #groups = new Map<string, Group>();

  constructor({ passwd, group }: AccountBase) {
    this.#passwd = linesOf(passwd).map((line) => {
      const fields = fieldsOf(line, { count: 7, what: "passwd" });
      this.#users.set(fields[0] ?? "", Number(fields[2]));
      return [fields[0], "x", ...fields.slice(2)].join(":");
    });
    for (const line of linesOf(group)) {
      const [name = "", , gid, members = ""] = fieldsOf(line, { count: 4, what: "group" });
      const listed = members.split(",").filter((member) => member !== "");
      this.#groups.set(name, { name, gid: Number(gid), members: new Set(listed) });
    }
  }

  addGroup(name: string, gid: number | undefined): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const taken = new Set([...this.#groups.values()].map((group) => group.gid));
    const group = { name, gid: freeId({ name, wanted: gid, taken, what: "group" }), members: new Set<string>() };
    this.#groups.set(name, group);
    return group;
  }

  addUser({ name, uid, group, gecos, home, shell }: WantedUser): void {
    if (this.#users.has(name)) return;
    const groupIds = [...this.#groups.values()].filter((other) => other.name !== name).map((other) => other.gid);
    const own = group === undefined;
    const taken = new Set([...this.#users.values(), ...(own && !this.#groups.has(name) ? groupIds : [])]);
    const same = own ? this.#groups.get(name)?.gid : undefined;
    const wanted = uid ?? (same !== undefined && !taken.has(same) ? same : undefined);
    const free = freeId({ name, wanted, taken, what: "user" });
    this.#users.set(name, free);
    const primary = own
      ? this.addGroup(name, groupIds.includes(free) ? undefined : free)
      : this.addGroup(group, undefined);
    this.#passwd.push([name, "x", free, primary.gid, gecos, home, shell].join(":"));
  }

  /** As adduser has it: only of a user and a group that are there. */
  addMember(user: string, group: string): void {
    if (this.#users.has(user)) this.#groups.get(group)?.members.add(user);
  }

  files(): AccountFiles {
    const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");
    const groups = [...this.#groups.values()];
    const listed = ({ members }: Group): string => [...members].join(",");
    return {
      passwd: text(this.#passwd),
      group: text(groups.map((group) => `${group.name}:x:${group.gid}:${listed(group)}`)),
      shadow: text([...this.#users.keys()].map((name) => `${name}:*::0:99999:7:::`)),
      gshadow: text(groups.map((group) => `${group.name}:*::${listed(group)}`)),
    };
  }
}

function freeId(options: {
  name: string;
  wanted: number | undefined;
  taken: ReadonlySet<number>;
  what: string;
}): number {
  const { name, wanted, taken, what } = options;
  if (wanted !== undefined && !taken.has(wanted)) return wanted;
  if (wanted !== undefined) {
    throw new ImgbuildError("conflict", `Cannot add the ${what} "${name}": its number ${wanted} is taken`);
  }
  for (let id = FIRST_SYSTEM_ID; id <= LAST_SYSTEM_ID; id += 1) if (!taken.has(id)) return id;
  throw new ImgbuildError("conflict", `Cannot add the ${what} "${name}": no number from 100 to 999 is free`);
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

function fieldsOf(line: string, { count, what }: { count: number; what: string }): readonly string[] {
  const fields = line.split(":");
  if (fields.length === count && fields[0] !== "" && /^[0-9]{1,10}$/.test(fields[2] ?? "")) return fields;
  throw new ImgbuildError("invalid-archive", `Cannot read ${JSON.stringify(line)}: wanted a line of ${what}`);
}

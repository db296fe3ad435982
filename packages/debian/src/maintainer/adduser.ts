import { ACCOUNT_NAME, isPasswdField, type WantedAccount } from "./accounts.ts";
import { isDynamic, type ShellCommand } from "./shell/run.ts";

const NAMES = new Set(["adduser", "addgroup", "useradd", "groupadd"]);
/** Options that take the next word. */
const WITH_VALUE = new Set(
  "--home -d --home-dir --shell -s --uid -u --gid -g --ingroup --gecos --comment -c --firstuid --lastuid --firstgid --lastgid --conf --groups -G -K --key -p --password -b --base-dir -R --root".split(
    " ",
  ),
);
const NO_LOGIN = "/usr/sbin/nologin";

/**
 * The accounts that commands of a maintainer script would make with adduser, addgroup, useradd or groupadd (system accounts only), and
 * whether there are calls that only running them would tell, for words that the shell puts in.
 */
export function accountsOf(commands: readonly ShellCommand[]): {
  readonly accounts: readonly WantedAccount[];
  readonly complete: boolean;
} {
  const accounts: WantedAccount[] = [];
  let complete = true;
  for (const { words } of commands) {
    const at = words.findIndex((word) => NAMES.has(word.replace(/^(?:\/usr)?\/s?bin\//, "")));
    const tool = words[at]?.replace(/^.*\//, "");
    if (tool === undefined || !isCall(words.slice(0, at))) continue;
    const found = accountsOfCall(tool, words.slice(at + 1));
    if (found === undefined) complete = false;
    else accounts.push(...found);
  }
  return { accounts, complete };
}

/** Before the tool there may be variables and a wrapper, but not what only mentions it, as `echo` does. */
function isCall(before: readonly string[]): boolean {
  return before.every((word) => /^[A-Za-z_]+=/.test(word) || WRAPPERS.has(word));
}

const WRAPPERS = new Set(["in_sysroot", "env", "eval", "exec"]);

interface Call {
  readonly options: ReadonlyMap<string, string>;
  readonly names: readonly string[];
}

function parseCall(words: readonly string[]): Call | undefined {
  const options = new Map<string, string>();
  const names: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (/^[0-9]?>/.test(word)) {
      if (/^[0-9]?>>?$/.test(word)) index += 1;
    } else if (word.startsWith("-")) {
      const [, name = word, value] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
      const takesNext = value === undefined && WITH_VALUE.has(name);
      options.set(name, takesNext ? (words[index + 1] ?? "") : (value ?? ""));
      if (takesNext) index += 1;
    } else if (!/^\$\{?(?:quiet|QUIET|DPKG_ROOT|extra\w*)\b.*$/.test(word)) names.push(word);
  }
  return [...names, ...options.values()].some(isDynamic) ? undefined : { options, names };
}

function accountsOfCall(tool: string, words: readonly string[]): readonly WantedAccount[] | undefined {
  const call = parseCall(words);
  if (call === undefined) return undefined;
  const { options, names } = call;
  const [name = "", group] = names;
  if (!ACCOUNT_NAME.test(name) || (group !== undefined && !ACCOUNT_NAME.test(group))) return undefined;
  if (tool === "adduser" && group !== undefined) return [{ kind: "member", user: name, group }];
  const isGroup = tool === "addgroup" || tool === "groupadd" || (tool === "adduser" && isGroupOnly(options));
  if (isGroup) return [{ kind: "group", name, gid: numberOf(options, "--gid", "-g") }];
  return userOf({ options, names }, tool);
}

/** `adduser --system --group name` makes both; `adduser --group name` a group alone. */
function isGroupOnly(options: ReadonlyMap<string, string>): boolean {
  return options.has("--group") && !options.has("--system");
}

function userOf({ options, names: [name = ""] }: Call, tool: string): readonly WantedAccount[] | undefined {
  const first = (...keys: readonly string[]): string | undefined =>
    keys.map((key) => options.get(key)).find((value) => value !== undefined);
  const isUserAdd = tool === "useradd";
  const ownGroup = isUserAdd ? !options.has("-N") && !options.has("--no-user-group") : options.has("--group");
  const ingroup = first("--ingroup", "--gid", "-g");
  const named = ingroup !== undefined && !/^[0-9]+$/.test(ingroup) ? ingroup : undefined;
  if (ingroup !== undefined && named === undefined) return undefined;
  const gecos = first("--gecos", "--comment", "-c") ?? "";
  const home = first("--home", "--home-dir", "-d") ?? (isUserAdd ? `/home/${name}` : "/nonexistent");
  const shell = first("--shell", "-s") ?? (isUserAdd ? "/bin/sh" : NO_LOGIN);
  if (![gecos, home, shell].every(isPasswdField)) return undefined;
  const group = named ?? (ownGroup ? undefined : "nogroup");
  const user: WantedAccount = { kind: "user", name, uid: numberOf(options, "--uid", "-u"), group, gecos, home, shell };
  const more =
    first("--groups", "-G")
      ?.split(",")
      .filter((other) => ACCOUNT_NAME.test(other)) ?? [];
  return [user, ...more.map((other): WantedAccount => ({ kind: "member", user: name, group: other }))];
}

function numberOf(options: ReadonlyMap<string, string>, ...keys: readonly string[]): number | undefined {
  const text = keys.map((key) => options.get(key)).find((value) => value !== undefined);
  return text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

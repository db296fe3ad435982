import { ImgbuildError } from "@imgbuild/errors";
import { ACCOUNT_NAME, isPasswdField, type WantedAccount } from "./accounts.ts";

/** Whether a path is a configuration that `systemd-sysusers` reads. */
export function isSysusersPath(path: string): boolean {
  return /^(?:usr\/lib|etc)\/sysusers\.d\/[^/]+\.conf$/.test(path);
}

/**
 * The accounts that a sysusers.d(5) file wants: `u`, `g` and `m` lines; ranges (`r`) are ignored. `path` names the file in
 * errors: throws `invalid-archive` with the line for others.
 */
export function accountsOfSysusers(text: string, path: string): readonly WantedAccount[] {
  return text.split("\n").flatMap((raw, index): readonly WantedAccount[] => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return [];
    const words = [...line.matchAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
    const accounts = accountsOfLine(words);
    if (accounts !== undefined) return accounts;
    throw new ImgbuildError(
      "invalid-archive",
      `Cannot read line ${index + 1} of "${path}": wanted a line of sysusers.d`,
    );
  });
}

function accountsOfLine([type = "", name = "", id = "-", gecos = "-", home = "-", shell = "-"]: readonly string[]):
  | readonly WantedAccount[]
  | undefined {
  const kind = type.replace(/[!+-]+$/, "");
  if (kind === "r") return [];
  if (!ACCOUNT_NAME.test(name)) return undefined;
  if (kind === "m") {
    if (!ACCOUNT_NAME.test(id)) return undefined;
    return [
      { kind: "group", name: id, gid: undefined },
      { kind: "member", user: name, group: id },
    ];
  }
  const [uid = "-", group] = id.split(":");
  if (kind === "g") return [{ kind: "group", name, gid: idOf(uid) }];
  if (kind !== "u" || ![gecos, home, shell].every(isPasswdField)) return undefined;
  const number = idOf(uid);
  const own: WantedAccount[] = group === undefined ? [{ kind: "group", name, gid: number }] : [];
  return [
    ...own,
    {
      kind: "user",
      name,
      uid: number,
      group: group !== undefined && ACCOUNT_NAME.test(group) ? group : undefined,
      gecos: gecos === "-" ? "" : gecos,
      home: home === "-" ? "/" : home,
      shell: shell === "-" ? (name === "root" ? "/bin/sh" : "/usr/sbin/nologin") : shell,
    },
  ];
}

/** A path stands for the owner of a file, which is not known here. */
function idOf(text: string): number | undefined {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

import { Stanza, type StanzaField } from "../text/stanza.ts";
import type { InstalledPackage } from "./installed-package.ts";

/** The order in which dpkg writes fields (`fieldinfos` of lib/dpkg/parse.c); others follow in the package's order. */
const ORDER = [
  "Package",
  "Essential",
  "Protected",
  "Status",
  "Priority",
  "Section",
  "Installed-Size",
  "Origin",
  "Maintainer",
  "Bugs",
  "Architecture",
  "Multi-Arch",
  "Source",
  "Version",
  "Replaces",
  "Provides",
  "Depends",
  "Pre-Depends",
  "Recommends",
  "Suggests",
  "Breaks",
  "Conflicts",
  "Enhances",
  "Conffiles",
  "Description",
];

/** The paragraph of `var/lib/dpkg/status` for an installed package. */
export function statusStanza({ control, conffileMd5 }: InstalledPackage): Stanza {
  const known = new Set(ORDER.map((name) => name.toLowerCase()));
  const conffiles = control.conffiles.map((path) => `\n ${path} ${conffileMd5.get(path) ?? "newconffile"}`).join("");
  const own = new Map<string, string>([["Status", "install ok installed"]]);
  if (conffiles !== "") own.set("Conffiles", conffiles);
  const fields = ORDER.flatMap((name): StanzaField[] => {
    const value = own.get(name) ?? (name === "Conffiles" ? undefined : control.stanza.get(name));
    return value === undefined ? [] : [[name, value]];
  });
  return new Stanza([...fields, ...control.stanza.entries().filter(([name]) => !known.has(name.toLowerCase()))]);
}

import type { DebControl } from "../deb/deb-control.ts";
import { byCodeUnit } from "../text/by-code-unit.ts";
import type { WantedAccount } from "./accounts.ts";
import { accountsOfScript } from "./adduser.ts";
import { type Alternative, alternativesOf } from "./alternatives.ts";
import { knownNeed, needsNothing } from "./known-needs.ts";
import { shellCommands } from "./shell-commands.ts";
import { withConstants } from "./shell-constants.ts";

/** What a package's scripts, which are not run, would have done, as far as it can be read off. */
export interface ScriptEffects {
  readonly accounts: readonly WantedAccount[];
  readonly alternatives: readonly Alternative[];
  readonly warnings: readonly ScriptWarning[];
}

/** Something that is not done and that nobody else does. */
export interface ScriptWarning {
  readonly package: string;
  /** `known`: of a table. `accounts`, `alternatives`: calls that cannot be read off. `script`: other commands. */
  readonly kind: "known" | "accounts" | "alternatives" | "script";
  readonly message: string;
}

/** Commands that change files, where no helper of this package stands in for them. */
const EFFECTIVE =
  /^(?:chgrp|chmod|chown|cp|dpkg-divert|dpkg-statoverride|fc-cache|glib-compile-schemas|gtk-update-icon-cache|install|ln|make-ssl-cert|mkdir|mktexlsr|mv|openssl|perl|python3?|sed|setcap|ssh-keygen|tar|touch|ucf|ucfr|update-(?!alternatives$|ca-certificates$|rc\.d$)[a-z.-]+)$/;

/** Reads a package's `preinst` and `postinst`. Nothing is run, nothing thrown: what cannot be read off is a warning. */
export function scriptEffects(control: DebControl): ScriptEffects {
  const scripts = ["preinst", "postinst"].map((name) => control.files.get(name)?.toString("utf8") ?? "");
  const script = scripts.filter(isShell).map(withConstants).join("\n");
  const { accounts, complete: allAccounts } = accountsOfScript(script);
  const { alternatives, complete: allAlternatives } = alternativesOf(script, control.name);
  const warnings: ScriptWarning[] = [];
  const warn = (kind: ScriptWarning["kind"], message: string): void => {
    warnings.push({ package: control.name, kind, message: `${control.name}: ${message}` });
  };
  const need = knownNeed(control.name);
  if (need !== undefined) warn("known", need.message);
  if (!allAccounts) warn("accounts", "its scripts make accounts that only running them would tell");
  if (!allAlternatives) warn("alternatives", "its scripts make alternatives that only running them would tell");
  const others = scripts.some((text) => text !== "" && !isShell(text)) ? ["a program"] : otherCommands(script);
  const isOpen = need === undefined && !needsNothing(control.name);
  if (isOpen && others.length > 0) warn("script", `its scripts are not run; they use ${others.join(", ")}`);
  return { accounts, alternatives, warnings };
}

function isShell(script: string): boolean {
  return /^#! ?\/(?:usr\/)?bin\/(?:env )?(?:ba|da)?sh\b/.test(script);
}

/** Commands outside of what debhelper added. */
function otherCommands(script: string): readonly string[] {
  const own = script.replace(/^# Automatically added by[\s\S]*?^# End automatically added section$/gm, "");
  const names = new Set<string>();
  for (const words of shellCommands(own)) {
    const name = words.find((word) => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word))?.replace(/^\/(?:usr\/)?s?bin\//, "");
    if (name !== undefined && EFFECTIVE.test(name)) names.add(name);
  }
  return [...names].sort(byCodeUnit);
}

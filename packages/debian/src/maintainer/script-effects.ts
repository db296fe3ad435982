import type { DebControl } from "../deb/deb-control.ts";
import { byCodeUnit } from "../text/by-code-unit.ts";
import type { WantedAccount } from "./accounts.ts";
import { accountsOf } from "./adduser.ts";
import { type Alternative, alternativesOf } from "./alternatives.ts";
import { knownNeed, needsNothing } from "./known-needs.ts";
import { scriptFiles } from "./script-files.ts";
import { type ShellWorld, shellCommands } from "./shell/run.ts";
import type { WantedPath } from "./tmpfiles.ts";

/** What a package's scripts, which are not run, would have done, as far as it can be read off. */
export interface ScriptEffects {
  readonly accounts: readonly WantedAccount[];
  readonly alternatives: readonly Alternative[];
  /** In the order in which it would have been done. */
  readonly paths: readonly WantedPath[];
  readonly warnings: readonly ScriptWarning[];
}

/** Something that is not done and that nobody else does. */
export interface ScriptWarning {
  readonly package: string;
  /** `known`: of a table. `accounts`, `alternatives`: calls that cannot be read off. `script`: other commands. */
  readonly kind: "known" | "accounts" | "alternatives" | "script";
  readonly message: string;
}

/** The system that a package is put into. */
export interface ScriptScene {
  /** Debian's name. */
  readonly architecture: string;
  /** What is at an absolute path; undefined for nothing. */
  readonly look: NonNullable<ShellWorld["look"]>;
}

/**
 * Reads a package's `preinst` and `postinst`, as they would run when it is installed for the first time; without a scene conditions on files are open. Nothing is
 * run, nothing thrown: what cannot be read off is a warning.
 */
export function scriptEffects(control: DebControl, scene?: ScriptScene): ScriptEffects {
  const scripts = [
    { action: "install", script: textOf(control, "preinst") },
    { action: "configure", script: textOf(control, "postinst") },
  ];
  const shells = scripts.filter(({ script }) => isShell(script));
  const commands = shells.flatMap(({ action, script }) => shellCommands(script, worldOf(control, action, scene)));
  const { accounts, complete: allAccounts } = accountsOf(commands);
  const { alternatives, complete: allAlternatives } = alternativesOf(commands, control.name);
  const { paths, unknown } = scriptFiles(commands);
  const warnings: ScriptWarning[] = [];
  const warn = (kind: ScriptWarning["kind"], message: string): void => {
    warnings.push({ package: control.name, kind, message: `${control.name}: ${message}` });
  };
  const need = knownNeed(control.name);
  if (need !== undefined) warn("known", need.message);
  if (!allAccounts) warn("accounts", "its scripts make accounts that only running them would tell");
  if (!allAlternatives) warn("alternatives", "its scripts make alternatives that only running them would tell");
  const programs = scripts.some(({ script }) => script !== "" && !isShell(script)) ? ["a program"] : [];
  const others = [...programs, ...[...unknown].sort(byCodeUnit)];
  const isOpen = need === undefined && !needsNothing(control.name);
  if (isOpen && others.length > 0) warn("script", `its scripts are not run; they use ${others.join(", ")}`);
  return { accounts, alternatives, paths, warnings };
}

/** Profiles of AppArmor are for the host of a container. */
const APPARMOR = /^# Automatically added by dh_apparmor[\s\S]*?^# End automatically added section$/gm;

function textOf(control: DebControl, name: string): string {
  return (control.files.get(name)?.toString("utf8") ?? "").replace(APPARMOR, "");
}

function isShell(script: string): boolean {
  return /^#! ?\/(?:usr\/)?bin\/(?:env )?(?:ba|da)?sh\b/.test(script);
}

const TRIPLES: Readonly<Record<string, string>> = {
  amd64: "x86_64-linux-gnu",
  arm64: "aarch64-linux-gnu",
  armhf: "arm-linux-gnueabihf",
  i386: "i386-linux-gnu",
  ppc64el: "powerpc64le-linux-gnu",
  riscv64: "riscv64-linux-gnu",
  s390x: "s390x-linux-gnu",
};

function worldOf({ name, architecture }: DebControl, action: string, scene: ScriptScene | undefined): ShellWorld {
  const native = scene?.architecture ?? architecture;
  const triple = TRIPLES[native];
  const asked: Readonly<Record<string, string | undefined>> = {
    "dpkg --print-architecture": native,
    "dpkg-architecture -qDEB_HOST_MULTIARCH": triple,
    "dpkg-architecture -q DEB_HOST_MULTIARCH": triple,
    "dpkg-architecture -qDEB_BUILD_MULTIARCH": triple,
  };
  const outputs = Object.entries(asked).flatMap(([command, output]) =>
    output === undefined ? [] : [[`$(${command})`, output] as const, [`\`${command}\``, output] as const],
  );
  return {
    look: scene?.look,
    arguments: [action, ""],
    variables: {
      DEBIAN_FRONTEND: "noninteractive",
      DPKG_MAINTSCRIPT_ARCH: architecture,
      DPKG_MAINTSCRIPT_PACKAGE: name,
      DPKG_ROOT: "",
    },
    outputs: Object.fromEntries(outputs),
  };
}

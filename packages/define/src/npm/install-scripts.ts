import { combineErrors, ImgbuildError } from "@imgbuild/errors";
import type { NpmPackageArgs } from "@imgbuild/graph";
import type { Closure, PackageUnit } from "@imgbuild/npm";
import type { NpmRequest } from "./npm-options.ts";

type Rules = Pick<NpmRequest, "scripts" | "ignoreScripts">;

/** Refuses, by name, every package of a closure whose install scripts would have to run and may not. */
export function checkScripts(closure: Closure, rules: Rules): void {
  const errors = new Map<string, ImgbuildError>();
  for (const unit of closure.units) {
    if (unit.kind !== "package" || unit.hasInstallScript !== true || rules.ignoreScripts.has(unit.name)) continue;
    const title = `${unit.name}@${unit.version}`;
    errors.set(title, isAllowed(unit, rules) ? notYet(title, unit.name) : denied(title, unit.name));
  }
  if (errors.size > 0) throw combineErrors([...errors.values()]);
}

/** What the step of a package does about install scripts that the lock does not tell of. */
export function scriptsOf(unit: PackageUnit, rules: Rules): NpmPackageArgs["scripts"] {
  return unit.hasInstallScript === undefined && !rules.ignoreScripts.has(unit.name) ? "deny" : null;
}

function isAllowed(unit: PackageUnit, { scripts }: Rules): boolean {
  return scripts === "all" || scripts.has(unit.name);
}

function denied(title: string, name: string): ImgbuildError {
  return new ImgbuildError(
    "definition",
    `Cannot use the package "${title}": it has install scripts, which do not run`,
    {
      hint: `If it works without them, say so: ignoreScripts: [${JSON.stringify(name)}]; else let them run in a sandbox: scripts: [${JSON.stringify(name)}], or scripts: "sandbox" for all`,
    },
  );
}

function notYet(title: string, name: string): ImgbuildError {
  return new ImgbuildError(
    "unsupported",
    `Cannot run the install scripts of the package "${title}": this version has no sandbox for them`,
    {
      hint: `If it works without them, say so: ignoreScripts: [${JSON.stringify(name)}]`,
    },
  );
}

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
    if (isAllowed(unit, rules)) errors.set(title, notYet(title, unit.name));
  }
  if (errors.size > 0) throw combineErrors([...errors.values()]);
}

/** What the step of a package does about its install scripts. */
export function scriptsOf(unit: PackageUnit, rules: Rules): NpmPackageArgs["scripts"] {
  if (unit.hasInstallScript === false || rules.ignoreScripts.has(unit.name)) return null;
  return unit.hasInstallScript === undefined ? "look" : "deny";
}

function isAllowed(unit: PackageUnit, { scripts }: Rules): boolean {
  return scripts === "all" || scripts.has(unit.name);
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

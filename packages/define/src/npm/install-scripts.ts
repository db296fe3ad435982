import { ImgbuildError } from "@imgbuild/errors";
import type { NpmPackageArgs } from "@imgbuild/graph";
import type { LockFile, PackageUnit } from "@imgbuild/npm";
import type { NpmRequest } from "./npm-options.ts";

type Rules = Pick<NpmRequest, "scripts" | "ignoreScripts">;

/** Refuses rules that a lock has no answer to. */
export function checkScriptRules(lock: LockFile, { scripts }: Rules): void {
  if (lock.kind !== "pnpm" || scripts !== "all") return;
  throw new ImgbuildError(
    "definition",
    `Cannot run the install scripts of all packages: "${lock.source.file}" does not say which packages have some`,
    { hint: 'Name them, as pnpm has it in onlyBuiltDependencies: scripts: ["better-sqlite3"]' },
  );
}

/** Whether the install scripts of a package run. */
export function runsScripts({ name, hasInstallScript }: PackageUnit, { scripts, ignoreScripts }: Rules): boolean {
  if (hasInstallScript === false || ignoreScripts.has(name)) return false;
  return scripts === "all" || scripts.has(name);
}

/** What the step of a package does about its install scripts. */
export function scriptsOf(unit: PackageUnit, rules: Rules): NpmPackageArgs["scripts"] {
  if (unit.hasInstallScript === false || rules.ignoreScripts.has(unit.name) || runsScripts(unit, rules)) return null;
  return unit.hasInstallScript === undefined ? "look" : "deny";
}

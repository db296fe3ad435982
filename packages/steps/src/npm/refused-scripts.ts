import { combineErrors, ImgbuildError, type Position } from "@imgbuild/errors";
import type { InstallScript } from "./package-manifest.ts";
import type { NpmPackage } from "./package-origin.ts";
import type { UnpackedPackage } from "./unpack-package.ts";

/** A package, and where the definition asks for it. */
export interface PlannedPackage extends NpmPackage {
  readonly position: Position | null;
}

/**
 * Refuses packages with install scripts that may not run. What they would have run is known when they are unpacked, one after
 * the other; whoever must decide about them wants them all at once.
 */
export class RefusedScripts {
  #planned: readonly PlannedPackage[] = [];

  /** The packages of a run. */
  plan(units: readonly PlannedPackage[]): void {
    this.#planned = units.filter(({ scripts }) => scripts !== null);
  }

  /**
   * Throws if `unit` is to be refused: for it and every other one of the run, each with its scripts. `get` unpacks a package of which
   * the lock said that it has some; `known` gives it if it is unpacked already.
   */
  async check(
    unit: PlannedPackage,
    { installScripts }: Pick<UnpackedPackage, "installScripts">,
    others: {
      readonly get: (unit: NpmPackage) => Promise<UnpackedPackage>;
      readonly known: (unit: NpmPackage) => UnpackedPackage | undefined;
    },
  ): Promise<void> {
    if (unit.scripts === null || installScripts.length === 0) return;
    const found = new Map([[titleOf(unit), refused(unit, installScripts)]]);
    for (const other of this.#planned) {
      // What cannot be had is said by its own step.
      const package_ = other.scripts === "deny" ? await others.get(other).catch(() => undefined) : others.known(other);
      if (package_ === undefined || package_.installScripts.length === 0) continue;
      found.set(titleOf(other), refused(other, package_.installScripts));
    }
    throw combineErrors([...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, error]) => error));
  }
}

function refused(unit: PlannedPackage, scripts: readonly InstallScript[]): ImgbuildError {
  const name = JSON.stringify(unit.name);
  const listed = scripts.map((script) => `${script.name} ${JSON.stringify(script.command)}`).join(", ");
  return new ImgbuildError(
    "definition",
    `Cannot use the package "${titleOf(unit)}": it has install scripts, which do not run: ${listed}`,
    {
      position: unit.position,
      hint: `If it works without them, say so: ignoreScripts: [${name}]; else let them run in a sandbox: scripts: [${name}], or scripts: "sandbox" for all`,
    },
  );
}

function titleOf({ name, version }: NpmPackage): string {
  return `${name}@${version}`;
}

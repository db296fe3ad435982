import { ImgbuildError } from "@imgbuild/errors";
import { byCodeUnit } from "../lock/by-code-unit.ts";
import type { LockFile, PnpmImporter, Wanted } from "../lock/lock-file.ts";
import { members } from "../lock/shape.ts";
import { readWanted } from "../lock/wanted.ts";

const GROUPS = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies"] as const;

/**
 * Compares a package.json with what the lock recorded of it. Returns an error for each dependency that is in one of the
 * two only, or with another range. `file` is the package.json in messages.
 */
export function outOfStep(
  lock: LockFile,
  directory: string,
  manifest: { file: string; text: string },
): ImgbuildError[] {
  const wanted = readManifest(manifest);
  if (lock.kind === "pnpm") {
    const importer = lock.importers.get(directory);
    return importer === undefined ? [] : comparePnpm(lock.overridden, importer, { wanted, manifest, lock });
  }
  const recorded = lock.packages.get(directory);
  if (recorded === undefined) return [];
  return GROUPS.flatMap((group) => compare(group, wanted[group], { recorded: recorded[group], manifest, lock }));
}

function readManifest({ file, text }: { file: string; text: string }): Wanted {
  const fail = (what: string, cause?: unknown) =>
    new ImgbuildError("invalid-archive", `Cannot use "${file}": ${what}`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw fail(`it is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  return readWanted(members({ value, place: "", fail }));
}

interface Sides {
  readonly recorded: ReadonlyMap<string, string>;
  readonly manifest: { readonly file: string };
  readonly lock: LockFile;
}

function compare(group: string, wanted: ReadonlyMap<string, string>, sides: Sides): ImgbuildError[] {
  const names = [...new Set([...wanted.keys(), ...sides.recorded.keys()])].sort(byCodeUnit);
  return names
    .filter((name) => wanted.get(name) !== sides.recorded.get(name))
    .map((name) => difference(`${group}: ${name}`, [wanted.get(name), sides.recorded.get(name)], sides));
}

function difference(
  what: string,
  [ours, recorded]: readonly [string | undefined, string | undefined],
  { manifest, lock }: Omit<Sides, "recorded">,
): ImgbuildError {
  const says = (range: string | undefined) =>
    range === undefined ? "does not list it" : `says ${JSON.stringify(range)}`;
  const { file } = lock.source;
  return new ImgbuildError(
    "invalid-archive",
    `Cannot use "${file}": it is out of step with "${manifest.file}" at ${what}: the lock ${says(recorded)}, package.json ${says(ours)}`,
    { hint: `Run \`${lock.kind} install\` and commit "${file}"` },
  );
}

function comparePnpm(
  overridden: ReadonlySet<string>,
  importer: PnpmImporter,
  about: Omit<Sides, "recorded"> & { readonly wanted: Wanted },
): ImgbuildError[] {
  const { wanted } = about;
  return (["dependencies", "optionalDependencies", "devDependencies"] as const).flatMap((group) => {
    const recorded = new Map<string, string>();
    for (const [name, { specifier }] of importer[group]) {
      // pnpm records peers of a workspace as its dependencies (autoInstallPeers), and overrides instead of ranges.
      const peer = wanted.peerDependencies.has(name) && !wanted[group].has(name);
      if (!peer && !overridden.has(name)) recorded.set(name, specifier);
    }
    const ours = new Map(
      [...wanted[group]].filter(([name]) => !overridden.has(name) && !listedBetter(importer, group, name)),
    );
    return compare(group, ours, { ...about, recorded });
  });
}

/** pnpm records a name once, though package.json may have it in two groups: production wins over dev. */
function listedBetter(importer: PnpmImporter, group: string, name: string): boolean {
  return group === "devDependencies" && (importer.dependencies.has(name) || importer.optionalDependencies.has(name));
}

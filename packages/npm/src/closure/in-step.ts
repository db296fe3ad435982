import { ImgbuildError } from "@imgbuild/errors";
import { byCodeUnit } from "../lock/by-code-unit.ts";
import { requiredName } from "../lock/install-path.ts";
import type { LockFile, NpmLock, PnpmImporter, Wanted } from "../lock/lock-file.ts";
import { positionOfKey } from "../lock/lock-source.ts";
import { members, optionalText, type Shape, workspacePatterns } from "../lock/shape.ts";
import { readWanted } from "../lock/wanted.ts";
import { overriddenNames, wrongVersion } from "./wrong-version.ts";

const GROUPS = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies"] as const;

/**
 * Compares a package.json with what the lock recorded of it. Returns an error for each dependency that is in one of the
 * two only, or with another range, for a version that its range does not allow, for another name of the package, and for another
 * list of workspaces. `file` is the package.json in messages; `root` gives the text of that of the root.
 */
export function outOfStep(
  lock: LockFile,
  directory: string,
  manifest: Manifest & { readonly root: () => string | undefined },
): ImgbuildError[] {
  const { wanted, name, workspaces } = readManifest(manifest);
  if (lock.kind === "pnpm") {
    const importer = lock.importers.get(directory);
    return importer === undefined ? [] : comparePnpm(lock.overridden, importer, { wanted, manifest, lock });
  }
  const recorded = lock.packages.get(directory);
  if (recorded === undefined) return [];
  const sides = { manifest, lock };
  return [
    ...otherName(lock, { directory, name, manifest }),
    ...(directory === "" ? otherWorkspaces([workspaces, recorded.workspaces], sides) : []),
    ...GROUPS.flatMap((group) => compare(group, wanted[group], { recorded: recorded[group], ...sides })),
    ...wrongVersions(lock, directory, { wanted, manifest, root: manifest.root }),
  ];
}

function wrongVersions(
  lock: NpmLock,
  directory: string,
  {
    wanted,
    manifest,
    root,
  }: { readonly wanted: Wanted; readonly manifest: Manifest; readonly root: () => string | undefined },
): ImgbuildError[] {
  const found = (["dependencies", "optionalDependencies", "devDependencies"] as const).flatMap((group) =>
    [...wanted[group]].flatMap(([name, range]) => {
      const version = wrongVersion(lock, directory, [name, range]);
      return version === undefined ? [] : [{ group, name, range, version }];
    }),
  );
  if (found.length === 0) return [];
  const overridden = overriddenNames(fieldsOf({ ...manifest, text: root() ?? "{}" }).get("overrides")?.value);
  return found
    .filter(({ name }) => !overridden.has(name))
    .map(({ group, name, range, version }) =>
      difference(`${group}: ${name}`, [range, `version ${version}`], { manifest, lock, key: name }),
    );
}

/** A package.json: its name in messages, and what it says. */
interface Manifest {
  readonly file: string;
  readonly text: string;
}

/** The error for a package of the repository that the lock lists and that is not there. */
export function gone(lock: LockFile, directory: string): ImgbuildError {
  const { source } = lock;
  return new ImgbuildError(
    "invalid-archive",
    `Cannot use "${source.file}": it lists the workspace "${directory}", and there is no "${directory}/package.json"`,
    {
      hint: `Bring the directory back, or run \`${lock.kind} install\` and commit "${source.file}"`,
      position: positionOfKey(source, directory),
    },
  );
}

/** A package is required by the name of its link: under another name nobody would find it. */
function otherName(
  lock: NpmLock,
  { directory, name, manifest }: { directory: string; name: string | undefined; manifest: Manifest },
): ImgbuildError[] {
  const links = [...lock.packages.values()].filter((entry) => entry.link && entry.resolved === directory);
  const names = links.map((entry) => requiredName(entry.installPath));
  const [known] = names;
  if (directory === "" || name === undefined || known === undefined || names.includes(name)) return [];
  return [difference("name", [name, known], { manifest, lock })];
}

function otherWorkspaces(
  [ours, recorded]: readonly [readonly string[], readonly string[]],
  sides: Omit<Sides, "recorded">,
): ImgbuildError[] {
  const [a, b] = [ours, recorded].map((list) => list.map((item) => item.replace(/^\.\/|\/+$/g, "")).sort(byCodeUnit));
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  const shown = (list: readonly string[]) => (list.length === 0 ? undefined : list.join(", "));
  return [difference("workspaces", [shown(ours), shown(recorded)], sides)];
}

function readManifest(manifest: Manifest): {
  readonly wanted: Wanted;
  readonly name: string | undefined;
  readonly workspaces: readonly string[];
} {
  const fields = fieldsOf(manifest);
  const workspaces = workspacePatterns(fields.get("workspaces"));
  return { wanted: readWanted(fields), name: optionalText(fields.get("name")), workspaces };
}

function fieldsOf({ file, text }: Manifest): ReadonlyMap<string, Shape> {
  const fail = (what: string, cause?: unknown) =>
    new ImgbuildError("invalid-archive", `Cannot use "${file}": ${what}`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw fail(`it is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  return members({ value, place: "", fail });
}

interface Sides {
  readonly recorded: ReadonlyMap<string, string>;
  readonly manifest: Manifest;
  readonly lock: LockFile;
}

function compare(group: string, wanted: ReadonlyMap<string, string>, sides: Sides): ImgbuildError[] {
  const names = [...new Set([...wanted.keys(), ...sides.recorded.keys()])].sort(byCodeUnit);
  return names
    .filter((name) => wanted.get(name) !== sides.recorded.get(name))
    .map((name) =>
      difference(`${group}: ${name}`, [wanted.get(name), sides.recorded.get(name)], { ...sides, key: name }),
    );
}

function difference(
  what: string,
  [ours, recorded]: readonly [string | undefined, string | undefined],
  { manifest, lock, key = what }: Omit<Sides, "recorded"> & { readonly key?: string },
): ImgbuildError {
  const says = (range: string | undefined) =>
    range === undefined
      ? "does not list it"
      : range.startsWith("version ")
        ? `has ${range}`
        : `says ${JSON.stringify(range)}`;
  const { file } = lock.source;
  return new ImgbuildError(
    "invalid-archive",
    `Cannot use "${file}": it is out of step with "${manifest.file}" at ${what}: the lock ${says(recorded)}, package.json ${says(ours)}`,
    { hint: `Run \`${lock.kind} install\` and commit "${file}"`, position: positionOfKey(manifest, key) },
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

import { ImgbuildError } from "@imgbuild/errors";
import { readBins } from "./bins.ts";
import { byCodeUnit } from "./by-code-unit.ts";
import { isInstallPath, isPackageName, requiredName } from "./install-path.ts";
import type { NpmLock, NpmLockEntry } from "./lock-file.ts";
import { type LockSource, lockError, positionAt } from "./lock-source.ts";
import { flag, members, optionalText, type Shape, textList, workspacePatterns } from "./shape.ts";
import { readWanted } from "./wanted.ts";

const ANEW = "Run `npm install` to write the lock anew";
const UPGRADE = "Run `npm install --package-lock-only --lockfile-version 3` with npm 7 or later";

/**
 * Reads a package-lock.json (or npm-shrinkwrap.json) of lockfileVersion 2 or 3. `file` is its name in messages. Throws
 * `invalid-archive` naming the place for anything malformed, `unsupported` for version 1 or an unknown version.
 */
export function readPackageLock(text: string, options: { readonly file: string }): NpmLock {
  const source: LockSource = { file: options.file, text };
  const fail = (what: string) => lockError(source, what, { hint: ANEW });
  const document = members({ value: parseJson(source), place: "", fail });
  const lockfileVersion = versionOf(source, document.get("lockfileVersion"));
  const packages = document.get("packages");
  if (packages === undefined) throw fail('it has no "packages"');
  const entries = new Map<string, NpmLockEntry>();
  for (const [installPath, shape] of members(packages)) {
    const failHere = (what: string) => lockError(source, what, { key: installPath, hint: ANEW });
    const entry = readEntry(installPath, { ...shape, fail: failHere });
    entries.set(installPath, entry);
  }
  if (!entries.has("")) throw fail('"packages" has no entry "" for the root package');
  const sorted = [...entries].sort(([a], [b]) => byCodeUnit(a, b));
  return { kind: "npm", source, lockfileVersion, packages: new Map(sorted) };
}

function parseJson(source: LockSource): unknown {
  const conflict = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/m.exec(source.text);
  if (conflict !== null) {
    throw new ImgbuildError("invalid-archive", `Cannot use "${source.file}": it has unresolved merge conflicts`, {
      hint: "Resolve package.json first, then run `npm install`, which resolves the lock",
      position: positionAt(source, conflict.index),
    });
  }
  try {
    return JSON.parse(source.text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const offset = /position (\d+)/.exec(message)?.[1];
    throw new ImgbuildError("invalid-archive", `Cannot use "${source.file}": it is not JSON: ${message}`, {
      hint: ANEW,
      position: offset === undefined ? undefined : positionAt(source, Number(offset)),
      cause,
    });
  }
}

function versionOf(source: LockSource, shape: Shape | undefined): 2 | 3 {
  const version = shape?.value;
  if (version === 2 || version === 3) return version;
  if (version === 1 || version === undefined) {
    const what = version === 1 ? "its lockfileVersion is 1, wanted 2 or 3" : "it has no lockfileVersion, wanted 2 or 3";
    throw lockError(source, what, { code: "unsupported", key: "lockfileVersion", hint: UPGRADE });
  }
  const shown = JSON.stringify(version);
  throw lockError(source, `its lockfileVersion is ${shown}, wanted 2 or 3`, {
    code: "unsupported",
    key: "lockfileVersion",
    hint: UPGRADE,
  });
}

function readEntry(installPath: string, shape: Shape): NpmLockEntry {
  const required = requiredName(installPath);
  const isInside = /(?:^|\/)node_modules(?:\/|$)/.test(installPath);
  if (!isInstallPath(installPath) || (isInside && required === undefined)) {
    throw shape.fail(`${shape.place} is no path of an installed package`);
  }
  const fields = members(shape);
  if (required !== undefined && !isPackageName(required)) throw shape.fail(`${shape.place} is no name of a package`);
  const name = optionalText(fields.get("name")) ?? required ?? installPath.split("/").at(-1) ?? "";
  if (required !== undefined && !isPackageName(name)) throw shape.fail(`${shape.place}.name is no name of a package`);
  const link = flag(fields.get("link"));
  const resolved = optionalText(fields.get("resolved"));
  if (link && !isInstallPath((resolved ?? "\0").replace(/^file:/, ""))) {
    throw shape.fail(`${shape.place} is a link to ${JSON.stringify(resolved)}, wanted a relative directory`);
  }
  return {
    installPath,
    name,
    version: optionalText(fields.get("version")),
    resolved: link ? resolved?.replace(/^file:/, "") : resolved,
    integrity: optionalText(fields.get("integrity")),
    link,
    inBundle: flag(fields.get("inBundle")),
    optional: flag(fields.get("optional")) || flag(fields.get("devOptional")),
    extraneous: flag(fields.get("extraneous")),
    workspaces: workspacePatterns(fields.get("workspaces")),
    hasInstallScript: flag(fields.get("hasInstallScript")),
    bundles: readBundles(fields),
    bins: readBins(fields.get("bin")?.value, name),
    os: textList(fields.get("os")),
    cpu: textList(fields.get("cpu")),
    libc: textList(fields.get("libc")),
    ...readWanted(fields),
  };
}

function readBundles(fields: ReadonlyMap<string, Shape>): ReadonlySet<string> | "all" {
  const shape = fields.get("bundleDependencies") ?? fields.get("bundledDependencies");
  if (shape?.value === true) return "all";
  if (shape?.value === false) return new Set();
  return new Set(textList(shape));
}

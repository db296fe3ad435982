import { ImgbuildError } from "@imgbuild/errors";
import { parseAllDocuments } from "yaml";
import { isInstallPath, isOutside, joinPath } from "./install-path.ts";
import type { PnpmDependency, PnpmImporter, PnpmLock, PnpmPackage, PnpmSnapshot } from "./lock-file.ts";
import { type LockSource, lockError, positionAt } from "./lock-source.ts";
import { flag, members, optionalText, type Shape, textList, textMap } from "./shape.ts";
import { readWanted } from "./wanted.ts";

const ANEW = "Run `pnpm install` with pnpm 9 or later to write the lock anew";

/**
 * Reads a pnpm-lock.yaml of lockfileVersion 9. `file` is its name in messages. Throws `invalid-archive` naming the place
 * for anything malformed, `unsupported` for other versions and for patched dependencies.
 */
export function readPnpmLock(text: string, options: { readonly file: string }): PnpmLock {
  const source: LockSource = { file: options.file, text };
  const fail = (what: string) => lockError(source, what, { hint: ANEW });
  const document = members({ value: parseYaml(source), place: "", fail });
  const version = document.get("lockfileVersion")?.value;
  if (!/^9(?:\.\d+)?$/.test(String(version))) {
    const what = `its lockfileVersion is ${JSON.stringify(version)}, wanted "9.0"`;
    throw lockError(source, what, { code: "unsupported", key: "lockfileVersion", hint: ANEW });
  }
  const placed = (key: string, shape: Shape): Shape => ({
    ...shape,
    fail: (what) => lockError(source, what, { key, hint: ANEW }),
  });
  const read = <T>(field: string, one: (shape: Shape, key: string) => T): Map<string, T> => {
    const shape = document.get(field);
    const all = shape === undefined ? [] : [...members(shape)];
    return new Map(all.map(([key, member]) => [key, one(placed(key, member), key)]));
  };
  const importers = new Map<string, PnpmImporter>();
  for (const [key, importer] of read("importers", readImporter))
    importers.set(importerDirectory(source, key), importer);
  if (importers.size === 0) throw fail('it has no "importers"');
  const overrides = document.get("overrides");
  const names = overrides === undefined ? [] : [...members(overrides).keys()];
  return {
    kind: "pnpm",
    source,
    importers,
    packages: read("packages", readPackage),
    snapshots: read("snapshots", readSnapshot),
    overridden: new Set(names.map((key) => (key.split(">").at(-1) ?? "").replace(/(?!^)@.*$/, ""))),
  };
}

function parseYaml(source: LockSource): unknown {
  const conflict = /^(?:<{7}|={7}|>{7})(?: |$)/m.exec(source.text);
  if (conflict !== null) throw syntax(source, "it has unresolved merge conflicts", conflict.index);
  const documents = parseAllDocuments(source.text, { uniqueKeys: false, logLevel: "silent", stringKeys: true });
  // pnpm 11 may put a document about its own environment first: the lock is the last one.
  const document = "empty" in documents ? undefined : documents.at(-1);
  if (document === undefined) throw syntax(source, "it is empty", 0);
  const [error] = document.errors;
  if (error !== undefined) throw syntax(source, `it is not YAML: ${error.message.split("\n")[0]}`, error.pos[0]);
  try {
    return document.toJS({ mapAsMap: true, maxAliasCount: 100 });
  } catch (cause) {
    throw lockError(source, `it is not YAML: ${cause instanceof Error ? cause.message : ""}`, { hint: ANEW, cause });
  }
}

function syntax(source: LockSource, what: string, offset: number): ImgbuildError {
  return new ImgbuildError("invalid-archive", `Cannot use "${source.file}": ${what}`, {
    hint: ANEW,
    position: positionAt(source, offset),
  });
}

function importerDirectory(source: LockSource, key: string): string {
  const directory = joinPath("", key);
  const wrong = key.startsWith("/") || isOutside(directory) || !isInstallPath(directory);
  if (wrong) throw lockError(source, `the importer ${JSON.stringify(key)} is no directory below the root`, { key });
  return directory;
}

function readImporter(shape: Shape): PnpmImporter {
  const fields = members(shape);
  return {
    dependencies: readDependencies(fields.get("dependencies")),
    optionalDependencies: readDependencies(fields.get("optionalDependencies")),
    devDependencies: readDependencies(fields.get("devDependencies")),
  };
}

function readDependencies(shape: Shape | undefined): ReadonlyMap<string, PnpmDependency> {
  const found = new Map<string, PnpmDependency>();
  if (shape === undefined) return found;
  for (const [name, about] of members(shape)) {
    const fields = members(about);
    const version = optionalText(fields.get("version"));
    const specifier = optionalText(fields.get("specifier"));
    if (version === undefined || specifier === undefined)
      throw about.fail(`${about.place} has no specifier or version`);
    found.set(name, { specifier, version });
  }
  return found;
}

function readPackage(shape: Shape): PnpmPackage {
  const fields = members(shape);
  const resolution = members(fields.get("resolution") ?? { ...shape, value: undefined });
  const type = optionalText(resolution.get("type"));
  const directory = optionalText(resolution.get("directory"));
  const wanted = readWanted(fields);
  return {
    integrity: optionalText(resolution.get("integrity")),
    tarball: optionalText(resolution.get("tarball")),
    directory,
    otherType: type !== undefined && type !== "directory" && type !== "tarball" ? type : undefined,
    version: optionalText(fields.get("version")),
    peerDependencies: wanted.peerDependencies,
    optionalPeers: wanted.optionalPeers,
    hasBin: flag(fields.get("hasBin")),
    os: textList(fields.get("os")),
    cpu: textList(fields.get("cpu")),
    libc: textList(fields.get("libc")),
  };
}

function readSnapshot(shape: Shape): PnpmSnapshot {
  const fields = members(shape);
  return {
    dependencies: textMap(fields.get("dependencies")),
    optionalDependencies: textMap(fields.get("optionalDependencies")),
  };
}

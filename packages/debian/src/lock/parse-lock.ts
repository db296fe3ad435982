import { ImgbuildError } from "@imgbuild/errors";
import { safeArchivePath } from "../archive/safe-archive-path.ts";
import { parseVersion } from "../text/version.ts";
import type { DebianLock, LockedPackage, LockedSet, LockedSuite } from "./lock.ts";
import { PackageTable } from "./package-table.ts";

/** The version of the format that this program writes, and the only one that it reads. */
export const LOCK_VERSION = 1;

/**
 * Parses `imgbuild.lock`. `file` names it in errors: `invalid-archive` with the place in the file for whatever is not as
 * it should be, `unsupported` for another version of the format, `path-escape` for a path that leaves the mirror.
 */
export function parseLock(text: string, file: string): DebianLock {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = /^(<{7}|={7}|>{7})/m.test(text)
      ? "Resolve the merge conflict in it, or write it anew with `imgbuild lock`"
      : "Restore it from version control, or write it anew with `imgbuild lock`";
    throw new ImgbuildError("invalid-archive", `Cannot read "${file}": it is no JSON (${reason})`, { cause, hint });
  }
  const reader = new LockReader(file);
  const root = reader.object(value, "$");
  if (root.version !== LOCK_VERSION) {
    throw new ImgbuildError(
      "unsupported",
      `Cannot read "${file}": its version is ${JSON.stringify(root.version)}, wanted ${LOCK_VERSION}`,
      { hint: "Write it anew with `imgbuild lock`, or use the version of imgbuild that wrote it" },
    );
  }
  const { sets, packages } = reader.object(root.debian, "debian");
  const listed = reader
    .list(packages, "debian.packages")
    .map((item, i) => reader.package(item, `debian.packages[${i}]`));
  const table = new PackageTable(listed);
  const read = reader.list(sets, "debian.sets").map((item, i) => reader.set(item, { at: `debian.sets[${i}]`, table }));
  reader.unique(
    read.map(({ name }) => name),
    "debian.sets",
  );
  return { sets: read };
}

class LockReader {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  set(value: unknown, { at, table }: { readonly at: string; readonly table: PackageTable }): LockedSet {
    const fields = this.object(value, at);
    const architecture = this.text(fields.architecture, `${at}.architecture`);
    const references = this.texts(fields.packages, `${at}.packages`);
    const found = references.map((reference, i) => {
      const [only, ...others] = table.find(reference, architecture);
      if (only !== undefined && others.length === 0) return only;
      const what = only === undefined ? "is not among the packages" : "may be several of the packages";
      throw this.fault(`${at}.packages[${i}]`, `"${reference}" ${what} for ${architecture}`);
    });
    const names = new Set(found.map(({ name }) => name));
    this.unique(
      found.map(({ name }) => name),
      `${at}.packages`,
    );
    return {
      name: this.text(fields.name, `${at}.name`),
      architecture,
      request: this.texts(fields.request, `${at}.request`),
      suites: this.list(fields.suites, `${at}.suites`).map((item, index) => this.suite(item, `${at}.suites[${index}]`)),
      packages: found.map((item) => ({ ...item, depends: item.depends.filter((name) => names.has(name)) })),
    };
  }

  suite(value: unknown, at: string): LockedSuite {
    const fields = this.object(value, at);
    return {
      suite: this.text(fields.suite, `${at}.suite`),
      components: this.texts(fields.components, `${at}.components`),
      sha256: this.sha256(fields.sha256, `${at}.sha256`),
      date: fields.date === undefined ? undefined : this.text(fields.date, `${at}.date`),
    };
  }

  package(value: unknown, at: string): LockedPackage {
    const fields = this.object(value, at);
    const name = this.text(fields.name, `${at}.name`);
    const { size } = fields;
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) {
      throw this.fault(`${at}.size`, `it is ${JSON.stringify(size)}, wanted a count of bytes`);
    }
    return {
      name,
      version: parseVersion(this.text(fields.version, `${at}.version`), `"${name}" in "${this.#file}"`),
      architecture: this.text(fields.architecture, `${at}.architecture`),
      suite: this.text(fields.suite, `${at}.suite`),
      path: safeArchivePath(this.text(fields.path, `${at}.path`), this.#file),
      size,
      sha256: this.sha256(fields.sha256, `${at}.sha256`),
      depends: fields.depends === undefined ? [] : this.texts(fields.depends, `${at}.depends`),
    };
  }

  object(value: unknown, at: string): Readonly<Record<string, unknown>> {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
    throw this.fault(at, "wanted an object");
  }

  list(value: unknown, at: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw this.fault(at, "wanted a list");
  }

  text(value: unknown, at: string): string {
    if (typeof value === "string" && value !== "") return value;
    throw this.fault(at, `it is ${JSON.stringify(value)}, wanted a text`);
  }

  texts(value: unknown, at: string): readonly string[] {
    return this.list(value, at).map((item, index) => this.text(item, `${at}[${index}]`));
  }

  sha256(value: unknown, at: string): string {
    const text = this.text(value, at);
    if (/^[0-9a-f]{64}$/.test(text)) return text;
    throw this.fault(at, `it is "${text}", wanted 64 hex digits`);
  }

  unique(names: readonly string[], at: string): void {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw this.fault(at, `"${twice}" is there twice`);
  }

  fault(at: string, reason: string): ImgbuildError {
    return new ImgbuildError("invalid-archive", `Cannot read ${at} of "${this.#file}": ${reason}`, {
      hint: "Restore it from version control, or write it anew with `imgbuild lock`",
    });
  }
}

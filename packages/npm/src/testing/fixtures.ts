import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TargetPlatform } from "../closure/target-platform.ts";
import type { NpmLock } from "../lock/lock-file.ts";
import { readPackageLock } from "../lock/package-lock.ts";

/** A tree that the real npm installed: `fixtures/make.mjs`. */
interface InstalledTree {
  readonly workspace: string;
  readonly target: TargetPlatform;
  /** Directories of packages. */
  readonly packages: readonly string[];
  /** Symbolic links and their texts. */
  readonly links: Readonly<Record<string, string>>;
}

/** A project with its lock and what npm made of it. */
export interface Fixture {
  readonly manifests: Readonly<Record<string, unknown>>;
  readonly lock: unknown;
  readonly trees: readonly InstalledTree[];
}

/** The fixtures' directory. */
export const FIXTURES = join(__dirname, "../../fixtures");

/** Reads a fixture. */
export function fixture(name: "monorepo" | "single" | "bundles"): Fixture {
  return JSON.parse(readFileSync(join(FIXTURES, `${name}.json`), "utf8"));
}

/** A package-lock made of entries by install path; the root entry is added when it is not given. */
export function lockOf(packages: Readonly<Record<string, object>>): NpmLock {
  const text = JSON.stringify({ lockfileVersion: 3, packages: { "": { name: "root" }, ...packages } }, null, 1);
  return readPackageLock(text, { file: "package-lock.json" });
}

/** An entry of a registry package. */
export function entry(version: string, more: object = {}): object {
  return { version, integrity: `sha512-${"A".repeat(86)}==`, ...more };
}

/** What most tests build for. */
export const LINUX: TargetPlatform = { os: "linux", architecture: "amd64", libc: "glibc" };

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import fc from "fast-check";
import { requiredName } from "../lock/install-path.ts";
import { entry, LINUX, lockOf } from "../testing/fixtures.ts";
import { closureOf } from "./closure-of.ts";
import { layoutOf } from "./layout.ts";

/** Node itself says what a closure must be: trees are made on disk, and every dependency is looked up by its `require`. */

const NAMES = ["a", "b", "@s/c", "d", "e"];
const WORKSPACES = ["packages/w0", "packages/w1", "libs/w2"];

interface Item {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly link?: boolean;
  readonly resolved?: string;
}

type Lock = Readonly<Record<string, Item>>;

const needs = fc.subarray([...NAMES, "w1", "w2"], { maxLength: 3 });
const item = fc.record({ needs, wishes: needs, foreign: fc.integer({ min: 0, max: 7 }).map((n) => n === 0) });
const place = fc.oneof(
  fc.constant("node_modules"),
  fc.constantFrom(...WORKSPACES, ...NAMES.map((name) => `node_modules/${name}`)).map((at) => `${at}/node_modules`),
);
const installed = fc.array(fc.tuple(place, fc.constantFrom(...NAMES), item), { maxLength: 12 });

const locks = fc
  .tuple(fc.array(item, { minLength: 5, maxLength: 5 }), fc.array(item, { minLength: 3, maxLength: 3 }), installed)
  .map(([atRoot, workspaces, more]): Lock => {
    const described = ({ needs: required, wishes, foreign }: (typeof atRoot)[number], isWorkspace = false) => {
      const optional = wishes.filter((name) => !required.includes(name));
      const all = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "*"]));
      return {
        dependencies: all(required),
        optionalDependencies: all(optional),
        ...(foreign && !isWorkspace ? { os: ["darwin"] } : {}),
      };
    };
    const packages: Record<string, Item> = { "": {} };
    NAMES.forEach((name, i) => {
      packages[`node_modules/${name}`] = entry("1.0.0", described(atRoot[i] ?? NOTHING));
    });
    WORKSPACES.forEach((directory, i) => {
      packages[directory] = described(workspaces[i] ?? NOTHING, true);
      packages[`node_modules/w${i}`] = { link: true, resolved: directory };
    });
    for (const [modules, name, about] of more) packages[`${modules}/${name}`] = entry("2.0.0", described(about));
    return packages;
  });
const NOTHING = { needs: [], wishes: [], foreign: false };

let scratch: string;
beforeAll(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), "imgbuild-npm-")));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let made = 0;

/** Makes a tree: packages by path, and links. Each at a new path: Node remembers what it found. */
function make(packages: readonly string[], links: readonly (readonly [string, string])[]): string {
  const root = join(scratch, String(made++));
  for (const path of packages) {
    mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, path, "package.json"), "{}");
  }
  for (const [path, target] of links) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
  return root;
}

/** Where Node finds a package; undefined when it finds none in the tree. */
function found(root: string, from: string, name: string): string | undefined {
  try {
    const file = createRequire(join(root, from, "index.js")).resolve(`${name}/package.json`);
    return relative(root, dirname(realpathSync(file)));
  } catch {
    return undefined;
  }
}

/** What of the whole tree a workspace needs: undefined when something required does not run. */
function reachable(root: string, lock: Lock, start: string): ReadonlySet<string> | undefined {
  const to = (from: string, name: string) => found(root, from, name) ?? "?";
  const required = (at: string) => Object.keys(lock[at]?.dependencies ?? {}).map((name) => to(at, name));
  const broken = new Set(Object.keys(lock).filter((path) => lock[path]?.os !== undefined));
  for (let before = -1; before !== broken.size; ) {
    before = broken.size;
    for (const path of Object.keys(lock)) if (required(path).some((other) => broken.has(other))) broken.add(path);
  }
  if (broken.has(start)) return undefined;
  const seen = new Set([start]);
  for (const at of seen) {
    for (const other of required(at)) seen.add(other);
    const wished = Object.keys(lock[at]?.optionalDependencies ?? {}).map((name) => to(at, name));
    for (const other of wished) if (!broken.has(other)) seen.add(other);
  }
  return seen;
}

test("a closure is what Node finds from its workspace, and in its layout Node finds the same", () => {
  let refused = 0;
  const property = fc.property(locks, (packages) => {
    const paths = Object.keys(packages);
    const whole = make(
      paths.filter((path) => packages[path]?.link !== true),
      paths.flatMap((path) =>
        packages[path]?.link === true ? [[path, `../${packages[path]?.resolved}`] as const] : [],
      ),
    );
    const start = "packages/w0";
    const expected = reachable(whole, packages, start);
    const close = () => closureOf(lockOf(packages), { workspace: start, platform: LINUX });
    if (expected === undefined) {
      refused++;
      expect(close).toThrow("does not run on linux/amd64");
      return;
    }
    const closure = close();
    expect(closure.units.map(({ installPath }) => installPath)).toEqual([...expected].sort());
    const { entries } = layoutOf(closure, { dest: "/" });
    const image = make(
      entries.flatMap((each) => (each.kind === "unit" ? [each.path.slice(1)] : [])),
      entries.flatMap((each) => (each.kind === "link" ? [[each.path.slice(1), each.target] as const] : [])),
    );
    for (const at of expected) {
      const { dependencies, optionalDependencies } = packages[at] ?? {};
      for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
        const before = found(whole, at, name) ?? "";
        if (dependencies?.[name] !== undefined || expected.has(before))
          expect([at, name, found(image, at, name)]).toEqual([at, name, before]);
      }
    }
    expect(entries.every((each) => each.kind !== "unit" || requiredName(each.path.slice(1)) !== "")).toBe(true);
  });
  fc.assert(property, { numRuns: 60, seed: 4 });
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(50);
});

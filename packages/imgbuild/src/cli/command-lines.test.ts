import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import fc from "fast-check";
import type { Flags } from "./parsed-flags.ts";

/** What one reader made of a command line. Without a command: help. */
interface Reading {
  readonly command?: string;
  readonly flags?: Flags;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Both readings of a command line; `simple` is null where it is left to yargs. */
interface Readings {
  readonly simple: Reading | null;
  readonly full: Reading;
}

const SOURCE = `
import { readFileSync } from "node:fs";
import { readSimpleCommandLine } from "./simple-command-line.ts";
import { readCommandLine } from "./yargs-command-line.ts";
const { lines, env, all } = JSON.parse(readFileSync(0, "utf8"));
const show = (read) => read && { command: read.spec.usage.split(" ")[0], flags: read.flags };
const out = [];
console.log = () => undefined;
for (const argv of lines) {
  const host = { argv, env, version: "0.0.0", stderr: { columns: 100 } };
  const reading = async (read) => {
    try { return show(await read(host)) ?? {}; }
    catch (error) { return { error: { code: error.code, message: error.message } }; }
  };
  const simple = readSimpleCommandLine(host);
  out.push({ simple: simple === undefined ? null : show(simple), full: all || simple !== undefined ? await reading(readCommandLine) : {} });
}
process.stdout.write(JSON.stringify(out));
`;

const dir = mkdtempSync(join(tmpdir(), "imgbuild-lines-"));
const program = join(dir, "program.mjs");
// yargs is an ES module only, which jest cannot load: both readers run in a process of their own.
beforeAll(() => {
  buildSync({
    stdin: { contents: SOURCE, resolveDir: __dirname, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
    external: ["esbuild", "better-sqlite3", "@toondepauw/node-zstd"],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function readAll(
  lines: readonly (readonly string[])[],
  env: Readonly<Record<string, string>> = {},
): readonly Readings[] {
  const input = JSON.stringify({ lines, env, all: lines.length === 1 });
  const done = spawnSync(process.execPath, [program], { input, encoding: "utf8", maxBuffer: 1 << 28, cwd: dir });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout) as readonly Readings[];
}

function readOne(line: readonly string[], env?: Readonly<Record<string, string>>): Reading {
  return readAll([line], env)[0]?.full ?? {};
}

const command = fc.constantFrom(
  "build",
  "plan",
  "tag",
  "list",
  "load",
  "run",
  "stream",
  "inspect",
  "cache",
  "graph",
  "x",
);
const token = fc.oneof(
  fc.constantFrom(
    "//images/a",
    "//...",
    "./b",
    "api:debug",
    "-//images/old",
    "true",
    "false",
    "7",
    "",
    "-",
    "--",
    "'q'",
    '"',
  ),
  fc.constantFrom(
    "--json",
    "--force",
    "--no-cache",
    "--cache",
    "-v",
    "-q",
    "-vq",
    "-k",
    "--keep-going",
    "--json=false",
    "--help",
  ),
  fc.constantFrom("-j", "-j4", "-j04", "-j=4", "--jobs", "--jobs=2", "4", "0", "1e3", "0x10", "-1", "1.5"),
  fc.constantFrom(
    "-o",
    "out.tar",
    "-oout.tar",
    "--output=out.tar",
    "--format",
    "oci-layout",
    "tar",
    "--progress",
    "none",
  ),
  fc.constantFrom(
    "-C",
    "dir",
    "--cwd",
    "--cwd=dir",
    "--color",
    "--no-color",
    "--unknown",
    "--as",
    "dot",
    "__proto__",
    "a b",
  ),
);
const line = fc.tuple(command, fc.array(token, { maxLength: 6 })).map(([first, rest]) => [first, ...rest]);

test.each([{}, { IMGBUILD_JOBS: "3", IMGBUILD_JSON: "1", IMGBUILD_FORMAT: "oci-archive" }])(
  "what is read without yargs is read the same by yargs (environment %j)",
  (env) => {
    const lines = fc.sample(line, 2000);
    const readings = readAll(lines, env);
    const simple = readings.filter((reading) => reading.simple !== null);
    expect(simple.length).toBeGreaterThan(150);
    const differing = readings.flatMap(({ simple: own, full }, i) => {
      return own === null || JSON.stringify(sorted(own)) === JSON.stringify(sorted(full))
        ? []
        : [{ line: lines[i], own, full }];
    });
    expect(differing).toEqual([]);
  },
);

function sorted(reading: Reading): unknown {
  return { ...reading, flags: Object.entries(reading.flags ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)) };
}

test("the usual command lines need no yargs", () => {
  const usual = [
    "build //images/a",
    "build //... --json",
    "build -j4 //a -//b",
    "load //a -q",
    "build //a -o a.tar --format oci-archive",
  ];
  const read = readAll(usual.map((text) => text.split(" ")));
  expect(read.map(({ simple }) => simple !== null)).toEqual([true, true, false, true, true]);
});

test("a flag comes before its variable, and the last of two flags counts", () => {
  const env = { IMGBUILD_JOBS: "3", IMGBUILD_CACHE: "0", IMGBUILD_OUTPUT: "x" };
  expect(readOne(["build", "//a", "-j", "5", "--jobs=6", "--cache"], env).flags).toMatchObject({
    jobs: 6,
    cache: true,
    output: "x",
  });
  expect(readOne(["build", "//a"], env).flags).toMatchObject({ jobs: 3, cache: false });
});

test("labels to leave out are no flags, and what follows -- is handed on", () => {
  const read = readOne(["run", "//...", "-//images/old", "-./b", "--", "-p", "8080:80", "--", "sh"]);
  expect(read.flags).toMatchObject({ labels: ["//...", "-//images/old", "-./b"], rest: ["-p", "8080:80", "--", "sh"] });
});

test.each([
  ["biuld //a", 'there is no command "biuld" (did you mean "build"?)'],
  ["", "no command is given"],
  ["build", "no label is given"],
  ["build --jsno", 'there is no flag "--jsno" (did you mean "--json"?)'],
  ["cache", 'nothing follows "cache", wanted stats, verify or gc'],
  ["build //a --jsno", 'there is no flag "--jsno" (did you mean "--json"?)'],
  ["build //a -x", 'there is no flag "-x"'],
  ["list --output x", 'this command does not take "--output"'],
  ["build //a -o", '"-o" has no value'],
  ["build //a --format tar", '"--format" is "tar", wanted "docker-archive", "oci-archive", "oci-layout", "rootfs"'],
  ["build //a -- b", '"build" takes nothing after "--"'],
])("%j is refused: %s", (text, what) => {
  const { error } = readOne(text === "" ? [] : text.split(" "));
  expect(error).toEqual({ code: "usage", message: `Cannot read the command line: ${what}` });
});

test("words of a command that takes no labels", () => {
  expect(readOne(["cache", "gc", "--json=true"]).flags).toMatchObject({ labels: ["gc"], json: true });
  expect(readOne(["completion", "bash", "--no-color"]).flags).toMatchObject({ labels: ["bash"] });
});

test.each(["0", "-1", "1.5", "many"])("--jobs %s is refused", (jobs) => {
  expect(readOne(["build", "//a", `--jobs=${jobs}`]).error).toMatchObject({
    code: "usage",
    message: expect.stringContaining("Cannot use --jobs"),
  });
});

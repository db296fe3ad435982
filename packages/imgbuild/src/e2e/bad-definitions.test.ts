import { type CliResult, workspaceRig } from "@imgbuild/testkit";

const API = 'import { buildImage, path, text, tree } from "imgbuild";\n';

/** A workspace that cannot be built, and what is said of it. */
interface BadInput {
  readonly files: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly exitCode: number;
  readonly errorCode: string;
  readonly message: string;
  /** `file:line:column`, or null where there is no place. */
  readonly place: string | null;
  readonly hint: string;
}

const definition = (body: string): Readonly<Record<string, string>> => ({ "images/a/image.ts": API + body });

const BAD: Readonly<Record<string, BadInput>> = {
  "a missing file": {
    files: definition('export default buildImage({ name: "a", copyToRoot: tree({ "/x": "./gone" }) });'),
    exitCode: 2,
    errorCode: "input-missing",
    message: 'Cannot read "//images/a/gone": no such file or directory',
    place: "images/a/image.ts:2:52",
    hint: "Check the spelling; a relative path starts at the file that names it, one with // at the workspace",
  },
  "a path that leaves the workspace": {
    files: definition('export default buildImage({ name: "a", copyToRoot: "../../../etc" });'),
    exitCode: 2,
    errorCode: "path-escape",
    message: 'Cannot make the image "a": copyToRoot = "../../../etc" leaves the workspace',
    place: "images/a/image.ts:2:16",
    hint: "Copy the file into the workspace, or move imgbuild.config.ts further up",
  },
  "a circle of images": {
    files: {
      "images/a/image.ts": `${API}import b from "../b/image.ts";\nexport default buildImage({ name: "a", fromImage: b });`,
      "images/b/image.ts": `${API}import a from "../a/image.ts";\nexport default buildImage({ name: "b", fromImage: a });`,
    },
    exitCode: 2,
    errorCode: "cycle",
    message: "definitions import each other in a circle: //images/b → //images/a → //images/b",
    place: "images/b/image.ts:3:16",
    hint: "Move what both need to a third file, and import it from both",
  },
  "two targets with one name and tag": {
    files: {
      "images/a/image.ts": `${API}export default buildImage({ name: "same", tag: "1" });`,
      "images/b/image.ts": `${API}export default buildImage({ name: "same", tag: "1", config: { User: "1" } });`,
    },
    args: ["build", "//..."],
    exitCode: 2,
    errorCode: "conflict",
    message: 'Cannot name two images "same:1": //images/a (images/a/image.ts:2:16) and //images/b both claim it',
    place: "images/b/image.ts:2:16",
    hint: "Give one of them another name or tag, or leave the tag out",
  },
  "a definition that throws": {
    files: definition('throw new Error("no such plan");'),
    exitCode: 2,
    errorCode: "definition",
    message: 'Cannot evaluate "//images/a": no such plan',
    place: "images/a/image.ts:2:7",
    hint: "",
  },
  "a definition that reads the clock": {
    files: definition('export default buildImage({ name: "a", tag: String(Date.now()) });'),
    exitCode: 2,
    errorCode: "impure-definition",
    message: "Cannot use Date.now in a definition: it must give the same result on every machine and at any time",
    place: "images/a/image.ts:2:57",
    hint: 'Write the time out, or use created: "now" of buildImage',
  },
  "a definition that imports node:fs": {
    files: definition('import { readFileSync } from "node:fs";\nexport default readFileSync("x");'),
    exitCode: 2,
    errorCode: "impure-definition",
    message: 'Cannot load "images/a/image.ts": it imports "node:fs", which a definition may not use',
    place: "images/a/image.ts:2:30",
    hint: 'Read files with readText, readJson or glob from "imgbuild"',
  },
  "a definition that returns nothing buildable": {
    files: definition("export default 5;"),
    exitCode: 2,
    errorCode: "definition",
    message: 'Cannot build "//images/a": it exports only a default export (the number 5), wanted an image',
    place: "images/a/image.ts:1:1",
    hint: 'Export one: export default buildImage({ name: "…" })',
  },
  "an attribute of the wrong type": {
    files: definition('export default buildImage({ name: "a", config: { Env: { A: "1" } } });'),
    exitCode: 2,
    errorCode: "definition",
    message: 'Cannot make the image "a": config.Env is an object, wanted an array such as ["NAME=value"]',
    place: "images/a/image.ts:2:16",
    hint: 'Write Env: ["A=1"]',
  },
  "a config key in the wrong case": {
    files: definition('export default buildImage({ name: "a", config: { cmd: ["/x"] } });'),
    exitCode: 2,
    errorCode: "definition",
    message: "config.cmd is no key of a container config, wanted Cmd",
    place: "images/a/image.ts:2:16",
    hint: "Write Cmd",
  },
  "a definition that is no TypeScript": {
    files: definition("export default buildImage({"),
    exitCode: 2,
    errorCode: "definition",
    message: "images/a/image.ts",
    place: "images/a/image.ts:2:28",
    hint: "",
  },
  "an unknown label": {
    files: definition('export default buildImage({ name: "a" });'),
    args: ["build", "//images/aa"],
    exitCode: 2,
    errorCode: "unknown-label",
    message: 'Cannot find the target "//images/aa": there is no images/aa/image.ts (did you mean "//images/a"?)',
    place: null,
    hint: "Write //images/a",
  },
  "an archive that is no image": {
    files: {
      ...definition('export default buildImage({ name: "a", fromImage: "./base.tar" });'),
      "images/a/base.tar": "no",
    },
    exitCode: 1,
    errorCode: "invalid-archive",
    message: "it is a text, wanted a tar, plain or compressed by gzip or zstd",
    place: "images/a/image.ts:2:16",
    hint: "",
  },
  "a flag that does not exist": {
    files: definition('export default buildImage({ name: "a" });'),
    args: ["build", "//images/a", "--compresion", "gz"],
    exitCode: 2,
    errorCode: "usage",
    message: 'there is no flag "--compresion" (did you mean "--compression"?)',
    place: null,
    hint: "Run `imgbuild --help`",
  },
};

test.each(Object.entries(BAD))("%s is told with place, hint and exit code, and the cache is whole", async (_, bad) => {
  await using rig = await workspaceRig({ files: bad.files });
  const args = bad.args ?? ["build", "//images/a"];
  const plain = await rig.run(args);
  expect({ code: plain.code, stdout: plain.stdout }).toEqual({ code: bad.exitCode, stdout: "" });
  expect(plain.stderr).toContain(`error[${bad.errorCode}]: `);
  expect(plain.stderr).toContain(bad.message);
  if (bad.place !== null) expect(plain.stderr).toContain(`  at ${bad.place}\n`);
  if (bad.hint !== "") expect(plain.stderr).toContain(`  hint: ${bad.hint}`);
  // Nothing of our own insides is shown.
  expect(plain.stderr).not.toMatch(/\n\s+at .*\(|node:internal|dist\//);

  const json = await rig.run([...args, "--json"]);
  expect({ code: json.code, stderr: json.stderr }).toEqual({ code: bad.exitCode, stderr: "" });
  expect(errorsOf(json)).toContainEqual(
    expect.objectContaining({
      code: bad.errorCode,
      message: expect.stringContaining(bad.message),
      position: bad.place === null ? null : positionOf(bad.place),
    }),
  );
  expect((await rig.run(["cache", "verify"])).code).toBe(0);
});

test("several problems of several definitions are told together", async () => {
  await using rig = await workspaceRig({
    files: {
      "a/image.ts": 'throw new Error("first");',
      "b/image.ts": `${API}export default buildImage({ name: "B C", uid: -1, tga: "x" });`,
      "c/image.ts": `${API}export default buildImage({ name: "c", created: "yesterday" });`,
    },
  });
  const { code, stderr } = await rig.run(["build", "//..."]);
  expect(code).toBe(2);
  expect(stderr.match(/^error\[definition\]/gm)).toHaveLength(5);
  for (const words of ["first", "name is", "uid is", "tga", "created is"]) expect(stderr).toContain(words);
});

test("several targets that fail are told together, and those that can be built are with --keep-going", async () => {
  await using rig = await workspaceRig({
    files: {
      "bad/image.ts": `${API}export default buildImage({ name: "bad", fromImage: "./base.tar" });`,
      "bad/base.tar": "no",
      "gone/image.ts": `${API}export default buildImage({ name: "gone", copyToRoot: "./gone" });`,
      "good/image.ts": `${API}export default buildImage({ name: "good", copyToRoot: tree({ "/a": text("a") }) });`,
    },
  });
  const { code, stderr, lines } = await rig.run(["build", "//...", "--keep-going"]);
  expect(code).toBe(1);
  expect(stderr).toContain("error[invalid-archive]");
  expect(stderr).toContain("error[input-missing]");
  expect(lines).toEqual([expect.stringMatching(/^\/\/good {2}good:[a-z0-9]{32} {2}sha256:[0-9a-f]{64}$/)]);
});

test("a failed build does not stop the next good one, which gives what a fresh cache gives", async () => {
  const good = `${API}export default buildImage({ name: "a", copyToRoot: tree({ "/x": "./x" }) });`;
  await using rig = await workspaceRig({ files: { "a/image.ts": good } });
  expect((await rig.run(["build", "//a"])).code).toBe(2);
  rig.write("a/x", "now it is here\n");
  const healed = await rig.run(["build", "//a"]);
  expect(healed.code).toBe(0);
  const fresh = await rig.run(["build", "//a", "--cache-dir", rig.outside]);
  expect(fresh.stdout).toBe(healed.stdout);
});

function errorsOf(result: CliResult): readonly unknown[] {
  const list: unknown[] = [];
  for (const event of result.events) {
    if (event.type !== "error" && event.type !== "target.failed") continue;
    const error = event.error as { readonly related: readonly unknown[] };
    list.push(error, ...error.related);
  }
  return list;
}

function positionOf(place: string): object {
  const [file = "", line, column] = place.split(":");
  return { file, line: Number(line), column: Number(column) };
}

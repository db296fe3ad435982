import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describeWithTools, type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";
import { builtKinds, rootfsOf } from "./rootfs-of.ts";

/** A definition whose default export is an image with a command's result at /out. */
function image(command: string, more = ""): string {
  return `import { buildImage, directory, json, link, path, runCommand, text, tree } from "imgbuild";
${more}
const made = runCommand(${command});
export default buildImage({ name: "x", copyToRoot: tree({ "/out": made }) });
`;
}

async function failure(rig: WorkspaceRig, label = "//app"): Promise<string> {
  const result = await rig.run(["build", label]);
  expect(result.code).not.toBe(0);
  return result.stderr;
}

describeWithTools(["unshare", "tar"], "runCommand", () => {
  test("keeps what the command made, with modes of a layer, owners of the image and links", async () => {
    const command = `{ inputs: ["./src"], outputs: "dist", command: \`
      umask 077; mkdir -p dist/deep
      sort src/list.txt > dist/sorted.txt; cp /bin/true dist/tool; chmod 6711 dist/tool
      ln dist/sorted.txt dist/same.txt; ln -s ../sorted.txt dist/deep/link; mkdir dist/empty\` }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(command), "app/src/list.txt": "b\na\n" } });
    expect((await rootfsOf(rig)).listing).toEqual([
      "drwxr-xr-x 0/0 out/",
      "drwxr-xr-x 0/0 out/deep/",
      "lrwxrwxrwx 0/0 out/deep/link -> ../sorted.txt",
      "drwxr-xr-x 0/0 out/empty/",
      "-rw-r--r-- 0/0 out/same.txt",
      "-rw-r--r-- 0/0 out/sorted.txt",
      "-rwxr-xr-x 0/0 out/tool",
    ]);
    expect((await rootfsOf(rig)).content("out/same.txt")).toBe("a\nb\n");
  });

  test("an input whose change leaves the output as it is stops there; an unrelated file changes nothing", async () => {
    const command = `{ inputs: ["./src"], outputs: "dist", command: "mkdir dist; sort src/list.txt > dist/sorted.txt" }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(command), "app/src/list.txt": "b\na\n" } });
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual(["image", "layer", "runCommand"]);
    rig.write("app/other.txt", "x");
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual([]);
    rig.write("app/src/list.txt", "a\nb\n");
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual(["runCommand"]);
    rig.write("app/src/list.txt", "c\nb\n");
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual(["image", "layer", "runCommand"]);
  });

  test("one output is its content, or the file; several keep their paths, and each can be taken alone", async () => {
    const definition = `import { buildImage, runCommand, tree } from "imgbuild";
const file = runCommand({ command: "echo one > one.txt", outputs: "one.txt" });
const both = runCommand({ command: "mkdir -p a/b; echo x > a/b/x; echo y > y", outputs: ["a", "y"] });
export default buildImage({ name: "x", copyToRoot: [
  file, tree({ "/file": file, "/both": both, "/a": both.output("a"), "/deep": both.output("a/b"), "/y": both.output("y") }),
] });
`;
    await using rig = await workspaceRig({ files: { "app/image.ts": definition } });
    const files = (await rootfsOf(rig)).listing
      .filter((line) => line.startsWith("-"))
      .map((line) => line.split(" ")[2]);
    expect(files).toEqual(["a/b/x", "both/a/b/x", "both/y", "deep/x", "file", "one.txt", "y"]);
  });

  test("inputs are read-only, at the place they have in the workspace or where the definition says", async () => {
    const command = `{
      inputs: { "in/a.txt": "./a.txt", "/abs/conf.json": json({ a: 1 }), "t": tree({ "/l": link("x"), "/d": directory() }) },
      outputs: "out",
      command: \`mkdir out; cat in/a.txt /abs/conf.json > out/all; readlink t/l >> out/all; pwd >> out/all
        ! echo no > in/a.txt 2>/dev/null; ! rm -f in/a.txt 2>/dev/null; touch in/beside\`,
    }`;
    const other = `export const listed = buildImage({ name: "y", copyToRoot: tree({ "/out": runCommand({
      inputs: ["./a.txt", path("//shared", { exclude: "**/*.md" })], outputs: "out",
      command: "pwd > out; find /work -type f | sort >> out",
    }) }) });`;
    await using rig = await workspaceRig({
      files: {
        "app/image.ts": image(command) + other,
        "app/a.txt": "A\n",
        "shared/lib/b.txt": "B\n",
        "shared/c.md": "C\n",
      },
    });
    expect((await rootfsOf(rig)).content("out/all")).toBe('A\n{\n  "a": 1\n}\nx\n/work\n');
    const listed = (await rootfsOf(rig, "//app:listed")).content("out");
    expect(listed).toBe("/work/app\n/work/app/a.txt\n/work/app/out\n/work/shared/lib/b.txt\n");
  });

  test("commands build on each other, and on packages that carry themselves", async () => {
    const definition = `import { buildImage, json, runCommand, tree } from "imgbuild";
const generated = runCommand({ command: "mkdir -p src/gen; echo 'export const g = 1;' > src/gen/g.mjs", outputs: "src/gen" });
const built = runCommand({
  command: "npm run --silent build",
  inputs: [generated, "./src", tree({ "/work/app/package.json": json({ scripts: { build: "node src/main.mjs > out.txt" } }) })],
  outputs: "out.txt",
});
const refused = runCommand({ command: "echo x >> out.txt", inputs: [built], outputs: "out.txt" });
export default buildImage({ name: "x", copyToRoot: tree({ "/out": built }) });
export const bad = buildImage({ name: "y", copyToRoot: tree({ "/out": refused }) });
`;
    const main = 'import { g } from "./gen/g.mjs"; console.log("g", g);';
    await using rig = await workspaceRig({ files: { "app/image.ts": definition, "app/src/main.mjs": main } });
    expect((await rootfsOf(rig)).content("out")).toBe("g 1\n");
    // What is in the cache is nobody's to change.
    expect(await failure(rig, "//app:bad")).toContain("out.txt: Permission denied");
    rig.write("app/src/main.mjs", `${main}\n`);
    expect((await rootfsOf(rig)).content("out")).toBe("g 1\n");
  });

  test("a root file system among the inputs is refused: it would hide the programs", async () => {
    const command = `{ command: "true", outputs: "out", inputs: [tree({ "/usr/bin/x": text("x") })] }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(command) } });
    expect(await failure(rig)).toContain("give it as root");
  });

  test("nothing else of the machine is there: no home, no network, no variables, no other file", async () => {
    const command = `{ outputs: "out", env: { MINE: "a b'c$d" }, command: \`
      env | sed '/^PATH=/d;/^_=/d;/^SHLVL=/d;/^PWD=/d;/^OLDPWD=/d' | sort > out; ls -A / | tr '\\\\n' ' ' >> out; echo >> out
      cat < /dev/tcp/127.0.0.1/1 2>/dev/null || echo no network >> out
      node -p 'process.version' >> out\` }`;
    const files = { "app/image.ts": image(command), "app/a.txt": "" };
    await using rig = await workspaceRig({ files, env: { LEAK: "leak" } });
    const lines = (await rootfsOf(rig)).content("out").split("\n");
    expect(lines.slice(0, 6)).toEqual([
      "HOME=/.imgbuild/tmp",
      "LC_ALL=C",
      "MINE=a b'c$d",
      "SOURCE_DATE_EPOCH=1",
      "TMPDIR=/.imgbuild/tmp",
      "TZ=UTC",
    ]);
    const allowed = /^(\.imgbuild|bin|dev|etc|lib\w*|nix|gnu|proc|root|sbin|tmp|usr|work)$/;
    expect(
      (lines[6] ?? "")
        .trim()
        .split(" ")
        .filter((name) => !allowed.test(name)),
    ).toEqual([]);
    expect(lines.slice(7)).toEqual(["no network", process.version, ""]);
  });

  test("a missing output is named, with what was made instead", async () => {
    const command = `{ inputs: ["./a.txt"], outputs: ["dist", "a.txt"], command: "mkdir build; touch log" }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(command), "app/a.txt": "" } });
    expect(await failure(rig)).toContain('Cannot keep the output "dist"');
    expect(await failure(rig)).toContain('in /work/app it made "build", "log"');
  });

  test.each([
    ["a link to what is only in the sandbox", "mkdir dist; ln -s /work/app/a.txt dist/l", 'the symbolic link "dist/l"'],
    ["a link that leaves", "mkdir dist; ln -s ../a.txt dist/l", 'leads to "../a.txt"'],
    ["an output that is a link", "ln -s /etc dist", 'the output "dist"'],
    ["a pipe", "mkdir dist; mkfifo dist/p", '"p" in it is a pipe'],
  ])("%s is refused", async (_, script, message) => {
    const command = `{ inputs: ["./a.txt"], outputs: "dist", command: ${JSON.stringify(script)} }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(command), "app/a.txt": "" } });
    const result = await rig.run(["build", "//app"]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(message);
  });
});

describeWithTools(["unshare", "tar"], "a file that nobody declared", () => {
  test.each([
    ["cat", "cat src/b.txt", { "app/src/b.txt": "" }, "//app/src/b.txt"],
    ["cat, from the top", "cat /work/base.json", { "base.json": "" }, "//base.json"],
    ["make", "make", { "app/Makefile": "out: src/b.c\n\tcp src/b.c out\n", "app/src/b.c": "" }, "//app/src/b.c"],
    ["node, ESM", "node src/a.mjs", { "app/src/a.mjs": 'import "./b.mjs";', "app/src/b.mjs": "" }, "//app/src/b.mjs"],
    ["node, CommonJS", "node src/a.cjs", { "app/src/a.cjs": 'require("./b");', "app/src/b.js": "" }, "//app/src/b.js"],
    [
      "node, a package",
      "node src/a.cjs",
      { "app/src/a.cjs": 'require("left/x");', "node_modules/left/x.js": "" },
      "//node_modules/left",
    ],
  ])("%s: the error names it", async (_, command, files, named) => {
    const inputs = Object.keys(files).filter((path) => /Makefile|a\.[mc]js/.test(path));
    const options = `{ command: ${JSON.stringify(command)}, outputs: "out", inputs: ${JSON.stringify([
      "./declared",
      ...inputs.map((path) => `//${path}`),
    ])} }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(options), "app/declared": "", ...files } });
    const said = await failure(rig);
    expect(said).toContain(`it looked for "${named}", which the command cannot see`);
    expect(said).toContain(`Add it to the inputs of the command: inputs: ["${named}"]`);
  });

  test("tools of packages: tsc and esbuild", async () => {
    const tool = (name: string, target: string) => `"/tools/${name}": path("//tools/${target}")`;
    const inputs = (file: string) =>
      `{ ${tool("ts", "ts")}, ${tool("esbuild", "esbuild")}, "src/a.ts": "./src/a.ts", "${file}": "./${file}" }`;
    const definition = `import { buildImage, path, runCommand, tree } from "imgbuild";
const made = (command, inputs) => buildImage({ name: "x", copyToRoot: tree({ "/o": runCommand({ command, inputs, outputs: "out" }) }) });
export const tsc = made("/tools/ts/tsc --ignoreConfig --noEmit --allowImportingTsExtensions src/a.ts", ${inputs("tsconfig.json")});
export const config = made("/tools/ts/tsc -p .", ${inputs("tsconfig.json")});
export const esbuild = made("/tools/esbuild --bundle src/a.ts --outdir=out", ${inputs("tsconfig.json")});
`;
    await using rig = await workspaceRig({
      files: {
        "app/image.ts": definition,
        "app/src/a.ts": 'import { b } from "./b.ts";\nexport const a = b;\n',
        "app/src/b.ts": "export const b = 1;\n",
        "app/tsconfig.json": '{ "extends": "../tsconfig.base.json", "files": ["src/a.ts"] }',
        "tsconfig.base.json": "{}",
        "tools/esbuild": "",
      },
    });
    linkTools(rig);
    const label = (name: string) => failure(rig, `//app:${name}`);
    expect(await label("config")).toContain('it looked for "//tsconfig.base.json"');
    expect(await label("tsc")).toContain('it looked for "//app/src/b.ts"');
    expect(await label("esbuild")).toMatch(/it looked for .*"\/\/app\/src\/b\.ts"/);
  });

  test("that is nowhere is not made up", async () => {
    const options = `{ command: "cat nowhere", outputs: "out", inputs: ["./declared"] }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(options), "app/declared": "" } });
    expect(await failure(rig)).not.toContain("cannot see");
  });
});

/** The compilers of this repository, in the workspace. */
function linkTools(rig: WorkspaceRig): void {
  const modules = join(__dirname, "../../../../node_modules");
  const [native] = readdirSync(join(modules, "@typescript"));
  cpSync(join(modules, "@typescript", native ?? "", "lib"), rig.path("tools/ts"), { recursive: true });
  const [esbuild] = readdirSync(join(modules, "@esbuild"));
  cpSync(join(modules, "@esbuild", esbuild ?? "", "bin/esbuild"), rig.path("tools/esbuild"));
}

import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { TestWorkspace } from "./testing.ts";

let workspace: TestWorkspace;
beforeEach(() => {
  workspace = new TestWorkspace();
});
afterEach(() => workspace.remove());

const image = (name: string, more = "") =>
  `import { buildImage, path, tree, text, merge } from "imgbuild";\nexport default buildImage({ name: "${name}"${more} });\n`;

describe("from files to a graph", () => {
  test("default and named exports become targets, sorted by label", async () => {
    workspace.write({
      "images/b/image.ts": `${image("b")}export const debug = buildImage({ name: "b", tag: "debug" });`,
      "images/a/image.ts": image("a"),
    });
    const { graph, labels, definitions, cached } = await workspace.evaluate("//images/...");
    expect(labels).toEqual(["//images/a", "//images/b", "//images/b:debug"]);
    expect(graph.targets.map((target) => target.image)).toEqual([
      { name: "a", tag: null, compressor: "gz" },
      { name: "b", tag: null, compressor: "gz" },
      { name: "b", tag: "debug", compressor: "gz" },
    ]);
    expect([definitions, cached]).toEqual([2, false]);
  });

  test.each(["*", "a b", "#h", "a?b=c", "%41", "[x]", "$(id)", "é", "@s/p", "{a,b}"])(
    "a directory %j has its target",
    async (dir) => {
      workspace.write({ [`${dir}/image.ts`]: image("x"), "other/image.ts": image("y") });
      expect((await workspace.evaluate()).labels).toEqual([`//${dir}`, "//other"].sort());
      expect((await workspace.evaluate(`//${dir}`)).labels).toEqual([`//${dir}`]);
    },
  );

  test("every derivation comes after its inputs, and equal recipes are one", async () => {
    workspace.write({
      "a/image.ts": image("a", ', copyToRoot: [tree({ "/x": text("1") }), "./files"]'),
      "b/image.ts": image("b", ', copyToRoot: [tree({ "/x": text("1") }), "//a/files"]'),
    });
    const { graph } = await workspace.evaluate();
    const seen = new Set<string>();
    for (const { id, inputs } of graph.derivations.values()) {
      expect(inputs.every((input) => seen.has(input))).toBe(true);
      seen.add(id);
    }
    expect([...graph.derivations.values()].map((one) => one.kind)).toEqual([
      "file",
      "tree",
      "path",
      "merge",
      "layer",
      "image",
    ]);
    expect(graph.targets[0]?.derivation).toBe(graph.targets[1]?.derivation);
  });

  test("positions are those of the calls in the source", async () => {
    workspace.write({
      "a/image.ts": '// é\nimport { buildImage } from "imgbuild";\n\nexport default buildImage({ name: "a" });',
    });
    const { graph } = await workspace.evaluate();
    expect(graph.targets[0]?.position).toEqual({ file: "a/image.ts", line: 4, column: 16 });
  });

  test("paths are relative to the file that wrote them, in shared helpers too", async () => {
    workspace.write({
      "shared/site.ts": 'import { path } from "imgbuild";\nexport const site = path("./public");',
      "a/image.ts":
        'import { buildImage } from "imgbuild";\nimport { site } from "../shared/site.ts";\nexport default buildImage({ name: "a", copyToRoot: [site, "./own", "//top"] });',
    });
    const { graph } = await workspace.evaluate();
    const paths = [...graph.derivations.values()].filter((one) => one.kind === "path");
    expect(paths.map((one) => (one.args as { path: string }).path)).toEqual(["shared/public", "a/own", "top"]);
  });

  test("an image is the base of another by import", async () => {
    workspace.write({
      "base/image.ts": image("base", ', architecture: "arm64"'),
      "app/image.ts":
        'import base from "../base/image.ts";\nimport { buildImage } from "imgbuild";\nexport default buildImage({ name: "app", fromImage: base });',
    });
    const { graph, labels } = await workspace.evaluate("//app");
    expect(labels).toEqual(["//app"]);
    expect([...graph.derivations.values()].map((one) => one.kind)).toEqual(["image", "image"]);
    expect([...graph.derivations.values()][1]?.args).toMatchObject({ hasBase: true, architecture: "arm64" });
  });

  test("packages, workspace packages, JSON and tsconfig paths are bundled", async () => {
    workspace.write({
      "tsconfig.json": '{ "compilerOptions": { "paths": { "#lib/*": ["./lib/*"] } } }',
      "lib/name.ts": "export enum Name { A = 'a' }",
      "data.json": '{ "tag": "v1" }',
      "node_modules/pure/package.json": '{ "name": "pure", "main": "./main.js" }',
      "node_modules/pure/main.js": "exports.User = 'app';",
      "packages/w/package.json": '{ "name": "@my/w", "exports": "./w.ts" }',
      "packages/w/w.ts": "export const dir: string = '/w';",
      "a/image.ts": `import { buildImage } from "imgbuild"; import { Name } from "#lib/name"; import data from "../data.json";
        import { User } from "pure"; import { dir } from "@my/w";
        export default buildImage({ name: Name.A, tag: data.tag, config: { User, WorkingDir: dir } });`,
    });
    mkdirSync(join(workspace.root, "node_modules/@my"));
    symlinkSync("../../packages/w", join(workspace.root, "node_modules/@my/w"));
    const { graph } = await workspace.evaluate();
    expect(graph.targets[0]?.image).toMatchObject({ name: "a", tag: "v1" });
    expect([...graph.derivations.values()][0]?.args).toMatchObject({ config: { User: "app", WorkingDir: "/w" } });
  });

  test("a circle of helpers that works is fine", async () => {
    workspace.write({
      "a.ts": 'import { b } from "./b.ts"; export const a = () => "x"; export const c = () => b();',
      "b.ts": 'import { a } from "./a.ts"; export const b = () => a();',
      "image.ts":
        'import { buildImage } from "imgbuild"; import { c } from "./a.ts"; export default buildImage({ name: c() });',
    });
    expect((await workspace.evaluate("//")).graph.targets[0]?.image?.name).toBe("x");
  });

  test("facts are answered", async () => {
    workspace.env.NAME = "from-env";
    workspace.write({
      "a/x.txt": "1",
      "a/y.txt": "2",
      "a/.hidden.txt": "",
      "a/deep/z.txt": "3",
      "a/node_modules/q.txt": "",
      "up.json": '{ "user": "u" }',
      "a/image.ts": `import { buildImage, env, glob, readJson, readText, json } from "imgbuild";
        const all = { env: env("NAME"), no: env("NO", { default: "d" }), text: readText("./x.txt"), json: readJson("//up.json"),
          glob: glob(["**/*.txt", "!y.txt"]), other: glob("*.json", { cwd: ".." }), plain: glob("deep/z.txt") };
        export default buildImage({ name: "a", copyToRoot: json(all) });`,
    });
    const { graph } = await workspace.evaluate();
    expect(JSON.parse(([...graph.derivations.values()][0] as unknown as { args: { text: string } }).args.text)).toEqual(
      {
        env: "from-env",
        no: "d",
        text: "1",
        json: { user: "u" },
        glob: ["deep/z.txt", "x.txt"],
        other: ["../up.json"],
        plain: ["deep/z.txt"],
      },
    );
  });

  test("git.head is the commit, through refs, packed refs and linked worktrees", async () => {
    const commit = "0123456789012345678901234567890123456789";
    workspace.write({
      ".git/HEAD": "ref: refs/heads/main\n",
      ".git/packed-refs": `# pack-refs\n${commit} refs/heads/main\n`,
      "image.ts":
        'import { buildImage, git } from "imgbuild"; export default buildImage({ name: "a", tag: git.head() });',
    });
    expect((await workspace.evaluate("//")).graph.targets[0]?.image?.tag).toBe(commit);
    workspace.write({ ".git/refs/heads/main": `${commit.replaceAll("0", "f")}\n` });
    expect((await workspace.evaluate("//")).graph.targets[0]?.image?.tag).toBe(commit.replaceAll("0", "f"));
  });
});

import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { TestWorkspace } from "./testing.ts";

let workspace: TestWorkspace;
beforeEach(() => {
  workspace = new TestWorkspace();
});
afterEach(() => workspace.remove());

const head = 'import { buildImage, env, path, readJson, readText, tree } from "imgbuild";\n';
const good = 'export default buildImage({ name: "x" });';

describe("a definition that fails", () => {
  test("by throwing is reported at the throw, with the label", async () => {
    workspace.write({
      "lib.ts": "export function boom(): never {\n  throw new RangeError('too big');\n}",
      "a/image.ts": `import { boom } from "../lib.ts";\nboom();`,
    });
    expect(await workspace.complaints()).toEqual(['definition lib.ts:2:9 Cannot evaluate "//a": RangeError: too big']);
  });

  test.each([
    ["throw 'text';", 'the string "text"'],
    ["throw null;", "null"],
    ["throw { get stack() { throw 1; } };", "it threw something that cannot be read"],
    ["throw new Error('');", "an error without a message"],
    ["throw new Proxy({}, { getPrototypeOf() { throw 1; } });", "it threw something that cannot be read"],
    ["const f = (): void => f(); f();", "RangeError: Maximum call stack size exceeded"],
    ["null.x;", "TypeError: Cannot read properties of null (reading 'x')"],
  ])("%s is told in words", async (body, words) => {
    workspace.write({ "a/image.ts": body });
    const [first, ...rest] = await workspace.complaints();
    expect(first).toMatch(/^definition a\/image\.ts:1:\d+ Cannot evaluate "\/\/a": /);
    expect(first).toContain(words);
    expect(rest).toEqual([]);
  });

  test("hides no other, and is not reported again by those who import it", async () => {
    workspace.write({
      "a/image.ts": `${head}export default buildImage({ name: 5 as never });`,
      "b/image.ts": `import a from "../a/image.ts";\n${head}export default buildImage({ name: "b", fromImage: a });`,
      "c/image.ts": "throw new Error('c');",
      "d/image.ts": `${head}${good}`,
    });
    expect(await workspace.complaints()).toEqual([
      'definition a/image.ts:2:16 Cannot make an image: name is the number 5, wanted a repository name such as "app"'.replace(
        "an image",
        "an image",
      ),
      'definition c/image.ts:1:7 Cannot evaluate "//c": c',
    ]);
  });

  test("all problems of one call come together", async () => {
    workspace.write({
      "a/image.ts": `${head}export default buildImage({ name: "a", tagg: "x", copyToRoot: ["/etc/passwd", "../../x"], config: { CMD: ["x"], Env: ["A=1", "B"] } } as never);`,
    });
    const complaints = await workspace.complaints();
    expect(complaints.map((text) => text.replace(/ Cannot make the image "a":/, ""))).toEqual([
      expect.stringMatching(/^definition a\/image\.ts:2:16 tagg is no attribute \(did you mean "tag"\?\)$/),
      expect.stringMatching(
        /^path-escape a\/image\.ts:2:16 copyToRoot\[0\] = "\/etc\/passwd" is an absolute path of the host/,
      ),
      expect.stringMatching(/^path-escape a\/image\.ts:2:16 copyToRoot\[1\] = "..\/..\/x" leaves the workspace$/),
      expect.stringMatching(/^definition a\/image\.ts:2:16 config\.CMD is no key of a container config, wanted Cmd$/),
      expect.stringMatching(/^definition a\/image\.ts:2:16 config\.Env\[1\] is the string "B", wanted "NAME=value"$/),
    ]);
  });

  test.each([
    ['export default readText("./none.txt");', "input-missing", 'Cannot read "//a/none.txt": no such file'],
    ['export default readText("..");', "definition", "it is a directory, wanted a file"],
    ['export default readJson("./image.ts");', "definition", 'Cannot read "./image.ts" as JSON'],
    ['export default readText("./out");', "path-escape", "it is a symbolic link that leaves the workspace"],
    ['export default path("../../etc");', "path-escape", 'Cannot use the path "../../etc"'],
    ['export default env("NOPE");', "definition", 'Cannot read the environment variable "NOPE": it is not set'],
  ])("%s says what is wrong", async (body, code, words) => {
    workspace.write({ "a/image.ts": head + body });
    symlinkSync("/etc/hostname", join(workspace.root, "a/out"));
    const [first, ...rest] = await workspace.complaints();
    expect(first).toMatch(new RegExp(`^${code} a/image\\.ts:2:16 `));
    expect(first).toContain(words);
    expect(rest).toEqual([]);
  });
});

describe("modules that cannot be read", () => {
  test("several at once, each with its place", async () => {
    workspace.write({
      "a/image.ts":
        'import "./nothing.ts";\nimport "no-package";\nimport { buildimage } from "imgbuild";\nbuildimage();',
      "b/image.ts": "export default (;",
      "c/image.ts": 'const é = "é"; import "../../outside.ts"; é;',
    });
    expect(await workspace.complaints()).toEqual([
      'definition a/image.ts:1:8 Cannot load "a/image.ts": there is no "./nothing.ts"',
      'definition a/image.ts:2:8 Cannot load "a/image.ts": there is no "no-package"',
      'definition b/image.ts:1:17 Cannot load "b/image.ts": Unexpected ";"',
      'path-escape c/image.ts:1:23 Cannot load "c/image.ts": the import "../../outside.ts" leaves the workspace',
    ]);
  });

  test("a name that the API does not have is told with the near one", async () => {
    workspace.write({ "a/image.ts": 'import { buildimage } from "imgbuild";\nexport default buildimage({});' });
    expect((await workspace.complaints())[0]).toContain('"imgbuild" has no "buildimage" (did you mean "buildImage"');
  });

  test("await at the top", async () => {
    workspace.write({ "a/image.ts": `${head}await 1;\n${good}` });
    expect(await workspace.complaints()).toEqual([
      'definition a/image.ts:2:1 Cannot load "a/image.ts": it waits with await at the top',
    ]);
  });
});

describe("exports that cannot be built", () => {
  test.each([
    ["", "it exports nothing"],
    ["export default { name: 'x' };", "it exports only a default export (an object)"],
    ["export const f = () => 1; export const n = 3;", 'it exports only f (the function "f"), n (the number 3)'],
    ["export default undefined;", "it exports only a default export (undefined)"],
    [`${head}export default { ...buildImage({ name: "x" }) };`, "it exports only a default export (a copy of a value)"],
  ])("%j", async (body, words) => {
    workspace.write({ "a/image.ts": body });
    const [first, ...rest] = await workspace.complaints();
    expect(first).toContain(`definition a/image.ts:1:1 Cannot build "//a": ${words}`);
    expect(rest).toEqual([]);
  });

  test("helpers beside images are no targets", async () => {
    workspace.write({ "a/image.ts": `${head}${good}\nexport const helper = () => 1;` });
    expect((await workspace.evaluate()).labels).toEqual(["//a"]);
    expect((await workspace.complaints("//a:helper"))[0]).toContain(
      'the export "helper" of a/image.ts is the function "helper", which cannot be built',
    );
  });
});

describe("circles and names", () => {
  test("a circle of images is named in order", async () => {
    const from = (dir: string) =>
      `import base from "../${dir}/image.ts";\n${head}export default buildImage({ name: "x", fromImage: base });`;
    workspace.write({ "a/image.ts": from("b"), "b/image.ts": from("c"), "c/image.ts": from("a") });
    expect(await workspace.complaints()).toEqual([
      'cycle c/image.ts:3:16 Cannot evaluate "//c": definitions import each other in a circle: //c → //a → //b → //c',
    ]);
  });

  test("an image that imports itself", async () => {
    workspace.write({
      "a/image.ts": `import self from "./image.ts";\n${head}export default buildImage({ name: "x", copyToRoot: [self as never] });`,
    });
    expect((await workspace.complaints())[0]).toMatch(/^cycle a\/image\.ts:3:16 .*: \/\/a → \/\/a$/);
  });

  test("an undefined base without a circle is a plain error with its attribute", async () => {
    workspace.write({
      "a/image.ts": `${head}export default buildImage({ name: "x", fromImage: undefined as never });`,
    });
    expect(await workspace.complaints()).toEqual([
      'definition a/image.ts:2:16 Cannot make the image "x": fromImage is undefined',
    ]);
  });

  test("two images that differ may not claim one name:tag", async () => {
    const named = (tag: string, uid: number) =>
      `${head}export default buildImage({ name: "App", tag: ${tag}, created: "200${uid}-01-01" });`;
    workspace.write({ "a/image.ts": named('"1"', 1), "b/image.ts": named('"1"', 2).replace("App", "app") });
    expect(await workspace.complaints()).toEqual([
      'conflict b/image.ts:2:16 Cannot name two images "app:1": //a (a/image.ts:2:16) and //b both claim it',
    ]);
    workspace.write({ "b/image.ts": named('"1"', 1) });
    expect(await workspace.complaints()).toEqual([]);
    workspace.write({ "a/image.ts": named("null", 1), "b/image.ts": named("null", 2) });
    expect(await workspace.complaints()).toEqual([]);
  });
});

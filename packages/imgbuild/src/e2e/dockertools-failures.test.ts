import { type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";
import { handMadeArchive } from "./hand-made-archive.ts";

let rig: WorkspaceRig;
beforeAll(async () => {
  rig = await workspaceRig({ files: { "f.txt": "f\n" } });
});
afterAll(() => rig?.[Symbol.asyncDispose]());

/** What `imgbuild build` says of a definition, and that it built nothing of it. */
async function said(body: string): Promise<{ readonly code: number | null; readonly stderr: string }> {
  rig.write("image.ts", `import * as imgbuild from "imgbuild";\n${body}`);
  const { code, stderr } = await rig.run(["build", "//..."]);
  return { code, stderr };
}

const image = (attributes: string) => `export default imgbuild.buildImage({ name: "app", ${attributes} });`;
const layered = (attributes: string) => `export default imgbuild.buildLayeredImage({ name: "app", ${attributes} });`;

describe("dockerTools L: failures before anything is built", () => {
  test.each<[string, string, readonly string[]]>([
    ["DF-01: maxLayers 1", layered("maxLayers: 1"), ["maxLayers is the number 1, wanted a whole number above 1"]],
    [
      "DF-01: more layers by hand than maxLayers",
      layered(`layers: ["f.txt", "f.txt"], contents: "f.txt", maxLayers: 2`),
      ["maxLayers is 2, but the image needs 3 layers: 2 by hand, 1 for contents"],
    ],
    [
      "DF-03: a compressor that does not exist",
      image(`compressor: "xz"`),
      ['compressor is the string "xz", wanted "gz" or "none" or "zstd"'],
    ],
    [
      "DF-04: both names of one attribute",
      image(`contents: "f.txt", copyToRoot: "f.txt"`),
      ["contents is given beside copyToRoot, wanted one of them"],
    ],
    [
      "DF-07: an archive exported without a name",
      `export default imgbuild.exportImage({ fromImage: "./x.tar" });`,
      ["name is missing, and the archive does not tell one"],
    ],
    ["DF-10: CMD", image(`config: { CMD: ["/x"] }`), ["config.CMD is no key of a container config, wanted Cmd"]],
    [
      "DF-10: EXPOSE",
      image(`config: { EXPOSE: { "80/tcp": {} } }`),
      ["config.EXPOSE is no key of a container config, wanted ExposedPorts"],
    ],
    [
      "DF-10: LABELS",
      image(`config: { LABELS: { a: "b" } }`),
      ["config.LABELS is no key of a container config, wanted Labels"],
    ],
    [
      "an attribute that does not exist",
      image(`copyToRot: "f.txt"`),
      ['copyToRot is no attribute (did you mean "copyToRoot"?)'],
    ],
    ["a choice without an archive", image(`fromImageName: "x"`), ["fromImageName is given without fromImage"]],
    ["a tag that is none", image(`tag: "a:b"`), ['tag is the string "a:b", wanted a tag']],
    [
      "a name with a tag in it",
      `export default imgbuild.buildImage({ name: "app:1" });`,
      ["Give the tag as its own attribute"],
    ],
    ["a time that is none", image(`created: "2024-02-30"`), ["created is the string"]],
    [
      "a script that is no text",
      image(`runAsRoot: ["mkdir /x"]`),
      ["runAsRoot is an array, wanted the text of a shell script"],
    ],
    [
      "annotations that are no text",
      image(`annotations: { a: 1 }`),
      ["annotations.a is the number 1, wanted a string"],
    ],
    [
      "a label that is set twice",
      image(`labels: { a: "1" }, config: { Labels: { a: "2" } }`),
      ["labels.a is set to something else in config.Labels"],
    ],
    ["includeStorePaths: false", layered("includeStorePaths: false"), ["includeStorePaths is false, wanted true"]],
    [
      "two images of an index for one platform",
      `const a = imgbuild.buildImage({ name: "a" });\nexport default imgbuild.imageIndex({ name: "i", images: [a, a] });`,
      ["images[1] is for linux/amd64, as is images[0]"],
    ],
    ["an index of nothing", `export default imgbuild.imageIndex({ name: "i", images: [] });`, ["images is empty"]],
    ["merged images that are none", `export default imgbuild.mergeImages(["./x.tar"]);`, ["wanted an image"]],
    [
      "several problems, told together",
      image(`uid: -1, gid: "x", config: { Env: ["A"] }, keepContentsDirlinks: 1`),
      ["uid is", "gid is", "config.Env[0] is", "keepContentsDirlinks is"],
    ],
  ])("%s", async (_case, body, words) => {
    const { code, stderr } = await said(body);
    expect(code).toBe(2);
    for (const word of words) expect(stderr).toContain(word);
    expect(stderr).toMatch(/at image\.ts:\d+:\d+/);
    expect(stderr).not.toContain("built in");
  });

  test("DF-04: the old name alone warns, and works", async () => {
    const { code, stderr } = await said(image(`contents: imgbuild.tree({ "/f": "f.txt" })`));
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("contents is deprecated: rename it to copyToRoot"),
    });
  });
});

describe("dockerTools L: failures that the archive causes", () => {
  test("DF-11: an image that the archive does not have, or a choice that is left open, is told with what there is", async () => {
    await said(`export const a = imgbuild.buildImage({ name: "reg.example/one", tag: "1" });
export const b = imgbuild.buildImage({ name: "two", tag: "10", copyToRoot: imgbuild.tree({ "/f": "f.txt" }) });`);
    await rig.run(["build", "//:a", "//:b", "-o", rig.path("two.tar")]);
    const open = await said(image(`fromImage: "./two.tar"`));
    expect(open.stderr).toContain('"reg.example/one:1", "two:10"');
    // "1" is no part of "10", and a name is not a part of another.
    for (const choice of [`fromImageName: "two", fromImageTag: "1"`, `fromImageName: "tw"`, `fromImageTag: "0"`]) {
      const { code, stderr } = await said(image(`fromImage: "./two.tar", ${choice}`));
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/Cannot find the image .* it has "reg\.example\/one:1", "two:10"/);
    }
    for (const choice of [`fromImageName: "two"`, `fromImageTag: "10"`, `fromImageName: "two", fromImageTag: "10"`]) {
      expect((await said(image(`fromImage: "./two.tar", ${choice}`))).code).toBe(0);
    }
  });

  test("DF-01: a base with as many layers as there may be", async () => {
    rig.write(
      "base.tar",
      handMadeArchive(
        "base:1",
        Array.from({ length: 5 }, (_, i) => [[`f${i}`, "x"]]),
      ),
    );
    const { code, stderr } = await said(layered(`fromImage: "./base.tar", maxLayers: 5, contents: "f.txt"`));
    expect(code).toBe(2);
    expect(stderr).toContain("the base has 5 of at most 5 layers, and at least 1 more is needed for contents");
    expect((await said(layered(`fromImage: "./base.tar", maxLayers: 6, contents: "f.txt"`))).code).toBe(0);
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ["no archive", "hello", /it is .*, wanted a tar/],
    ["an empty file", "", /it is .*, wanted a tar/],
    ["half an archive", handMadeArchive("base:1", [[["a", "x".repeat(5000)]]]).subarray(0, 3000), /base\.tar/],
  ])("%s as a base", async (_case, bytes, words) => {
    rig.write("base.tar", bytes);
    const { code, stderr } = await said(image(`fromImage: "./base.tar"`));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/at image\.ts:\d+:\d+/);
  });
});

import type { ImageArgs } from "@imgbuild/graph";
import { recordOf } from "./source.ts";
import { complaints, testApi } from "./testing.ts";

const { api, warnings } = testApi();
const { buildImage, path, text, tree } = api;
const argsOf = (value: { readonly args: unknown }) => value.args as ImageArgs;
/** Options that the types refuse. */
const wrong = (options: unknown) => complaints(() => buildImage(options as never));

describe("an image value", () => {
  test("has the defaults of dockerTools, the same on any machine", () => {
    const image = buildImage({ name: "App" });
    expect(image.args).toEqual({
      hasBase: false,
      config: {},
      inherit: [],
      unset: [],
      os: "linux",
      architecture: "amd64",
      variant: null,
      created: "1970-01-01T00:00:01Z",
      history: [],
    });
    expect([image.imageName, image.imageTag, image.inputs]).toEqual(["app", null, []]);
    expect(recordOf(image)?.image).toEqual({ name: "App", tag: null, compressor: "gz" });
  });

  test("is frozen through and through, and keeps no object of the caller", () => {
    const config = { Cmd: ["/a"], Labels: { a: "b" } };
    const image = buildImage({ name: "a", config });
    config.Cmd.push("/b");
    expect(argsOf(image).config).toEqual({ Cmd: ["/a"], Labels: { a: "b" } });
    for (const part of [image, image.args, argsOf(image).config, argsOf(image).config.Cmd, image.inputs]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test.each([[null], [[]]])("copyToRoot %j gives no layer", (copyToRoot) => {
    expect(buildImage({ name: "a", copyToRoot }).inputs).toEqual([]);
  });

  test("copyToRoot of one source is that source, of several a merge in which the last wins", () => {
    const one = buildImage({ name: "a", copyToRoot: "./x", uid: 5, gid: 6 }).inputs[0];
    expect(one).toMatchObject({
      kind: "layer",
      args: { uid: 5, gid: 6 },
      inputs: [{ kind: "path", args: { path: "images/app/x" } }],
    });
    const several = buildImage({ name: "a", copyToRoot: ["x", text("y"), "//z"] }).inputs[0]?.inputs[0];
    expect(several).toMatchObject({ kind: "merge", args: { conflict: "last" } });
    expect(several?.inputs.map((input) => input.kind)).toEqual(["path", "file", "path"]);
  });

  test("a base comes before the layer, and gives its architecture", () => {
    const base = buildImage({ name: "base", architecture: "arm/v7" });
    const image = buildImage({ name: "a", fromImage: base, copyToRoot: "x" });
    expect(image.inputs.map((input) => input.kind)).toEqual(["image", "layer"]);
    expect(image.args).toMatchObject({ hasBase: true, architecture: "arm", variant: "v7" });
  });

  test.each([["./base.tar"], [path("base.tar")]])("a base may be an archive (%#)", (fromImage) => {
    const image = buildImage({ name: "a", fromImage, fromImageName: "redis", fromImageTag: "7" });
    expect(image.inputs[0]).toMatchObject({
      kind: "archive",
      args: { path: "images/app/base.tar", name: "redis", tag: "7" },
    });
  });

  test("labels join config.Labels, and history says what went in", () => {
    const image = buildImage({
      name: "a",
      config: { Labels: { a: "1" } },
      labels: { b: "2", a: "1" },
      copyToRoot: tree({ "/etc/x": "x" }),
    });
    expect(argsOf(image).config.Labels).toEqual({ a: "1", b: "2" });
    expect(argsOf(image).history).toEqual(["copyToRoot tree /etc/x"]);
  });

  test("contents is copyToRoot with a warning; both are an error", () => {
    expect(buildImage({ name: "a", contents: "x" }).inputs[0]?.inputs[0]?.kind).toBe("path");
    expect(warnings).toEqual(["The attribute contents is deprecated: rename it to copyToRoot"]);
    expect(complaints(() => buildImage({ name: "a", contents: "x", copyToRoot: "y" }))).toEqual([
      'definition: Cannot make the image "a": contents is given beside copyToRoot, wanted one of them',
    ]);
  });

  test.each([
    ["now", "now"],
    ["2026-01-31", "2026-01-31T00:00:00Z"],
    ["2024-02-29T23:59:59.5+01:00", "2024-02-29T23:59:59.5+01:00"],
  ])("created %s is %s", (created, kept) => {
    expect(argsOf(buildImage({ name: "a", created })).created).toBe(kept);
  });

  test("inheritConfig and unset are kept sorted and once", () => {
    expect(buildImage({ name: "a", inheritConfig: ["User", "Cmd", "User"], unset: ["Env"] }).args).toMatchObject({
      inherit: ["Cmd", "User"],
      unset: ["Env"],
    });
    expect(argsOf(buildImage({ name: "a", inheritConfig: "all" })).inherit).toEqual(["all"]);
  });
});

describe("attributes that are wrong", () => {
  test.each<[unknown, string]>([
    [undefined, "Cannot make an image: it is undefined, wanted an object of attributes"],
    ["x", 'it is the string "x", wanted an object of attributes'],
    [{}, "name is missing, wanted a repository name"],
    [{ name: "" }, 'name is the string ""'],
    [{ name: "a b" }, 'name is the string "a b"'],
    [{ name: "a:1" }, 'name is the string "a:1"'],
    [{ name: `a@sha256:${"0".repeat(64)}` }, "wanted a repository name"],
    [{ name: "a", tag: "x y" }, 'tag is the string "x y", wanted a tag'],
    [{ name: "a", tag: 1 }, "tag is the number 1"],
    [{ name: "a", nmae: 1 }, 'nmae is no attribute (did you mean "name"?)'],
    [{ name: "a", runAsRoot: 7 }, "runAsRoot is the number 7, wanted the text of a shell script"],
    [{ name: "a", __proto__: null, toString: 1 }, "toString is no attribute"],
    [{ name: "a", fromImage: undefined }, "fromImage is undefined"],
    [{ name: "a", fromImage: text("x") }, "fromImage is a file, wanted an image"],
    [{ name: "a", fromImage: "/x.tar" }, 'fromImage = "/x.tar" is an absolute path of the host'],
    [{ name: "a", fromImage: path("x", { include: "y" }) }, "fromImage is a path with include or exclude"],
    [{ name: "a", fromImageName: "x" }, "fromImageName is given without fromImage"],
    [
      { name: "a", fromImage: buildImage({ name: "b" }), fromImageTag: "x" },
      "fromImageTag is given with a fromImage that is one image",
    ],
    [{ name: "a", copyToRoot: 5 }, "copyToRoot is the number 5, wanted a path"],
    [{ name: "a", copyToRoot: ["x", undefined] }, "copyToRoot[1] is undefined, wanted a path"],
    [{ name: "a", copyToRoot: [[]] }, "copyToRoot[0] is an empty array"],
    [{ name: "a", copyToRoot: "" }, "copyToRoot is empty, wanted a path"],
    [{ name: "a", copyToRoot: "../../../x" }, 'copyToRoot = "../../../x" leaves the workspace'],
    [{ name: "a", copyToRoot: buildImage({ name: "b" }) }, 'copyToRoot is the image "b", wanted a path'],
    [{ name: "a", architecture: "x86_64" }, 'architecture is the string "x86_64"'],
    [{ name: "a", created: "2026-02-30" }, 'created is the string "2026-02-30"'],
    [{ name: "a", created: new Date(0) }, "created is a Date"],
    [{ name: "a", created: "2026-01-01T24:00:00Z" }, "wanted a time such as"],
    [{ name: "a", uid: -1 }, "uid is the number -1, wanted an id"],
    [{ name: "a", gid: Number.NaN }, "gid is NaN, wanted an id"],
    [{ name: "a", uid: null }, "uid is null, wanted an id"],
    [{ name: "a", compressor: "gzip" }, 'compressor is the string "gzip", wanted "gz" or "none" or "zstd"'],
    [{ name: "a".repeat(256) }, "name has 256 characters, wanted a name that Docker takes"],
    [{ name: "0123456789abcdef".repeat(4) }, "name looks like the ID of an image"],
    [{ name: undefined }, "name is undefined"],
    [{ name: "a", inheritConfig: "User" }, 'inheritConfig is the string "User"'],
    [{ name: "a", unset: ["user"] }, 'unset[0] is the string "user", wanted a config key (did you mean "User"?)'],
    [{ name: "a", labels: { a: 1 } }, "labels.a is the number 1, wanted a string"],
    [{ name: "a", labels: { a: "1" }, config: { Labels: { a: "2" } } }, "labels.a is set to something else"],
  ])("%j", (options, words) => {
    expect(wrong(options).join("\n")).toContain(words);
    expect(wrong(options)).toHaveLength(1);
  });

  test("a function, a promise and a class instance are named", () => {
    class Thing {}
    const messages = wrong({ name: "a", copyToRoot: [() => 1, Promise.resolve(), new Thing(), { ...text("x") }] });
    expect(messages.map((message) => /copyToRoot\[\d\] is [^,]*/.exec(message)?.[0])).toEqual([
      "copyToRoot[0] is a function",
      "copyToRoot[1] is a Promise",
      "copyToRoot[2] is a class instance (Thing)",
      "copyToRoot[3] is an object",
    ]);
  });
});

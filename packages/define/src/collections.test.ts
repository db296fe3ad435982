import { recordOf } from "./source.ts";
import { complaints, testApi } from "./testing.ts";

const { api, warnings } = testApi();
const { buildImage, buildLayeredImage, exportImage, imageIndex, mergeImages, text } = api;
const amd = buildImage({ name: "app", tag: "1" });
const arm = buildImage({ name: "app", architecture: "arm64" });
/** Calls that the types refuse. */
const wrong = (call: (api: Record<string, (...args: readonly unknown[]) => unknown>) => unknown) =>
  complaints(() => call(api as never));

describe("an export", () => {
  test("has the name of its image, and no image beside it", () => {
    expect(exportImage({ fromImage: amd })).toMatchObject({ kind: "export", args: { name: "app" }, inputs: [amd] });
  });

  test("of an archive needs a name, and takes the choice of one of its images", () => {
    expect(wrong((it) => it.exportImage?.({ fromImage: "./x.tar" }))).toEqual([
      "definition: Cannot export an image: name is missing, and the archive does not tell one",
    ]);
    const exported = exportImage({ fromImage: "./x.tar", fromImageName: "a", fromImageTag: "b", name: "rootfs" });
    expect(exported.inputs[0]?.args).toEqual({ path: "images/app/x.tar", name: "a", tag: "b" });
  });

  test("without an image is refused; a disk size only warns", () => {
    expect(wrong((it) => it.exportImage?.({}))).toEqual([expect.stringContaining("fromImage is missing")]);
    expect(wrong((it) => it.exportImage?.({ fromImage: null, name: "x" }))[0]).toContain("fromImage is missing");
    exportImage({ fromImage: amd, diskSize: 2048 } as never);
    expect(warnings.at(-1)).toContain("diskSize has no effect");
  });
});

describe("merged images", () => {
  test("keep their order, names and tags", () => {
    expect(mergeImages([arm, amd]).args).toEqual({
      images: [
        { name: "app", tag: null },
        { name: "app", tag: "1" },
      ],
      compressor: "gz",
    });
  });

  test.each<[unknown, string]>([
    [[], "is empty"],
    ["x", 'the string "x"'],
    [[amd, undefined], "[1] is undefined"],
    [[text("x")], "[0] is a file"],
  ])("are refused for %j", (images, problem) => {
    expect(wrong((it) => it.mergeImages?.(images))[0]).toContain(problem);
  });

  test("are refused with a compressor that does not exist", () => {
    expect(wrong((it) => it.mergeImages?.([amd], { compressor: "xz" }))[0]).toContain(
      'wanted "gz" or "none" or "zstd"',
    );
  });
});

describe("an index", () => {
  test("is of images for different platforms", () => {
    expect(imageIndex({ name: "app", images: [amd, arm], annotations: { a: "b" } })).toMatchObject({
      kind: "image-index",
      args: { annotations: { a: "b" } },
      inputs: [amd, arm],
    });
    expect(wrong((it) => it.imageIndex?.({ name: "app", images: [amd, arm, amd] }))).toEqual([
      'definition: Cannot make the image index "app": images[2] is for linux/amd64, as is images[0]',
    ]);
  });

  test("is a base: the architecture chooses", () => {
    const index = imageIndex({ name: "app", images: [amd, arm] });
    expect(buildImage({ name: "a", fromImage: index }).inputs).toEqual([amd]);
    expect(buildLayeredImage({ name: "a", fromImage: index, architecture: "arm64" }).inputs).toEqual([arm]);
    expect(wrong((it) => it.buildImage?.({ name: "a", fromImage: index, architecture: "s390x" }))).toEqual([
      'definition: Cannot make the image "a": fromImage is an index of images for linux/amd64, linux/arm64, wanted one for linux/s390x',
    ]);
  });
});

describe("annotations", () => {
  test("are no part of the config, and absent where there are none", () => {
    expect(buildImage({ name: "a", annotations: { "x.y": "z" } }).args).toMatchObject({
      config: {},
      annotations: { "x.y": "z" },
    });
    expect(buildImage({ name: "a", annotations: {} }).args).not.toHaveProperty("annotations");
  });

  test.each<[unknown, string]>([
    [{ a: 1 }, "annotations.a is the number 1"],
    [{ "": "x" }, "has an empty name"],
    [["a"], "annotations is an array"],
  ])("%j are refused", (annotations, problem) => {
    expect(wrong((it) => it.buildImage?.({ name: "a", annotations }))[0]).toContain(problem);
  });
});

describe("layers of an image", () => {
  const chain = (length: number) => {
    let image = buildImage({ name: "i0", copyToRoot: text("x") });
    for (let i = 1; i < length; i++) image = buildImage({ name: `i${i}`, fromImage: image, copyToRoot: text("x") });
    return image;
  };

  test("beyond maxLayers are refused before anything is built, the base's counted", () => {
    const fromImage = chain(3);
    expect(
      wrong((it) =>
        it.buildLayeredImage?.({ name: "a", fromImage, maxLayers: 4, contents: text("y"), extraCommands: "true" }),
      ),
    ).toEqual([
      'definition: Cannot make the image "a": maxLayers is 4, but the image needs 5 layers: 3 in the base, 1 for contents, 1 for scripts',
    ]);
    expect(buildLayeredImage({ name: "a", fromImage, maxLayers: 4, contents: text("y") }).kind).toBe("image");
  });

  test.each([1, 0, -3, 2.5, "2", null])("maxLayers %j is refused", (maxLayers) => {
    expect(wrong((it) => it.buildLayeredImage?.({ name: "a", maxLayers }))[0]).toContain(
      "wanted a whole number above 1",
    );
  });
});

describe("the compression of an image", () => {
  const compressorOf = (options: object) => recordOf(buildImage({ name: "a", ...options }))?.image?.compressor;

  test("is gz, what compressor says, or what compression says with its level", () => {
    expect(compressorOf({})).toBe("gz");
    expect(compressorOf({ compressor: "zstd" })).toBe("zstd");
    expect(compressorOf({ compression: { algorithm: "zstd", level: 19 } })).toBe("zstd:19");
    expect(compressorOf({ compression: { algorithm: "none" } })).toBe("none");
  });

  test.each<[object, string]>([
    [{ compression: { algorithm: "gz", level: 10 } }, "compression.level is the number 10, wanted a level from 1 to 9"],
    [{ compression: { algorithm: "gz", level: 0 } }, "compression.level is the number 0, wanted a level from 1 to 9"],
    [{ compression: { algorithm: "none", level: 1 } }, "wanted none: there is nothing to compress"],
    [{ compression: { level: 1 } }, "compression.algorithm is missing"],
    [{ compression: { algorithm: "xz" } }, 'compression.algorithm is the string "xz"'],
    [{ compression: "zstd" }, 'compression is the string "zstd", wanted an object of attributes'],
    [{ compressor: "gz", compression: { algorithm: "gz" } }, "compressor is given beside compression"],
  ])("%j is refused", (options, problem) => {
    expect(wrong((it) => it.buildImage?.({ name: "a", ...options })).join("\n")).toContain(problem);
  });
});

describe("SOURCE_DATE_EPOCH", () => {
  const { api: dated, asked } = testApi(() => ({ value: "1700000000" }));
  const layered = (options: object) => dated.buildLayeredImage({ name: "a", contents: text("x"), ...options });

  test("is when an image was made, and changes no file that nobody said to be of now", () => {
    const image = layered({});
    expect(image.args).toMatchObject({ created: "2023-11-14T22:13:20Z" });
    expect(image.inputs[0]?.args).toMatchObject({ mtime: "1970-01-01T00:00:01Z" });
    expect(layered({ mtime: "now" }).inputs[0]?.args).toMatchObject({ mtime: "2023-11-14T22:13:20Z" });
  });

  test("is not asked for when a time is written", () => {
    const before = asked.length;
    layered({ created: "2001-01-01", mtime: "2001-01-01" });
    expect(asked.slice(before)).toEqual([]);
  });
});

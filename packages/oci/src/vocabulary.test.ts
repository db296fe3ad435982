import fc from "fast-check";
import { digestFromSha256, digestOf, hexOf, isDigest, parseDiffId, parseDigest } from "./digest.ts";
import { isIndexType, layerCompressionOf, MediaType, ociLayerType } from "./media-type.ts";
import { architectureFromNode, formatPlatform, platformMatches } from "./platform.ts";

describe("digests", () => {
  test("are what sha256sum says", () => {
    // echo imgbuild | sha256sum
    expect(digestOf("imgbuild\n")).toBe("sha256:cd69aa3d4b32c7670b74fd7845fbe323e19ca2bea70074cb075cefeaaf91121f");
    expect(digestOf(Buffer.from("imgbuild\n"))).toBe(digestOf("imgbuild\n"));
  });

  test("go to hex and back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const digest = digestFromSha256(bytes);
        expect(digestFromSha256(hexOf(digest))).toBe(digest);
        expect(Buffer.from(hexOf(digest), "hex")).toEqual(Buffer.from(bytes));
        expect(parseDiffId(digest)).toBe(digest);
      }),
    );
  });

  const hex = hexOf(digestOf(""));
  test.each([
    hex,
    `sha256:${hex.slice(1)}`,
    `sha256:${hex}0`,
    `sha256:${hex.toUpperCase()}`,
    `SHA256:${hex}`,
    `sha512:${hex}${hex}`,
    ` sha256:${hex}`,
    `sha256:${hex}\n`,
    "sha256:../../../../etc/passwd",
    "",
    5,
    null,
    undefined,
    [`sha256:${hex}`],
  ])("%j is none: names of files are made of them", (text) => {
    expect(isDigest(text)).toBe(false);
    expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: "invalid-archive" }));
  });
});

describe("platforms", () => {
  test.each([
    ["linux/arm64", "linux/arm64/v8", true],
    ["linux/arm64/v8", "linux/arm64", true],
    ["linux/arm/v7", "linux/arm/v6", false],
    ["linux/amd64", "linux/arm64", false],
    ["windows/amd64", "linux/amd64", false],
  ])("an image for %s serves a request for %s: %s", (have, want, serves) => {
    const parse = (text: string) => {
      const [os = "", architecture = "", variant] = text.split("/");
      return { os, architecture, ...(variant === undefined ? {} : { variant }) };
    };
    expect(platformMatches(parse(have), parse(want))).toBe(serves);
    expect(formatPlatform(parse(have))).toBe(have);
  });

  test.each([
    ["x64", "amd64"],
    ["ia32", "386"],
    ["arm64", "arm64"],
    ["ppc64", "ppc64le"],
    ["s390x", "s390x"],
    ["riscv64", "riscv64"],
  ])("Node's %s is Go's %s", (node, go) => {
    expect(architectureFromNode(node)).toBe(go);
  });
});

describe("media types", () => {
  test.each(["none", "gzip", "zstd"] as const)(
    "a layer of %s is told by its type, written by OCI and by Docker",
    (how) => {
      expect(layerCompressionOf(ociLayerType(how))).toBe(how);
      const suffix = how === "none" ? "" : `.${how}`;
      expect(layerCompressionOf(`application/vnd.docker.image.rootfs.diff.tar${suffix}`)).toBe(how);
    },
  );

  test("what is no layer of ours has no compression", () => {
    expect(layerCompressionOf("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")).toBeUndefined();
    expect(layerCompressionOf(MediaType.ociConfig)).toBeUndefined();
    expect(layerCompressionOf("constructor")).toBeUndefined();
  });

  test("documents that list manifests are told from manifests", () => {
    expect([MediaType.ociIndex, MediaType.dockerManifestList, MediaType.ociManifest, ""].map(isIndexType)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

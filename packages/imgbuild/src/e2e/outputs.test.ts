import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CliResult, describeWithTools, findTool, type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";

const FILES = {
  "base/image.ts":
    'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "base", copyToRoot: "./lib", config: { Env: ["A=1"] } });\n',
  "base/lib/usr/lib/one": "one\n",
  "app/image.ts": [
    'import { buildImage, link, text, tree } from "imgbuild";',
    'import base from "../base/image.ts";',
    'const entries = { "/app/main": text("#!/bin/sh\\n", { mode: 0o4755 }), "/app/link": link("../usr/lib/one") };',
    'export default buildImage({ name: "team/app", tag: "1.2", fromImage: base, copyToRoot: tree(entries), uid: 10, gid: 20, config: { Cmd: ["/app/main"] } });\n',
  ].join("\n"),
};

/** Runs a tool to its end; a failure shows what it said. */
function tool(name: string, ...args: readonly string[]): string {
  const done = spawnSync(findTool(name) ?? name, args, { encoding: "utf8", input: "" });
  expect({ tool: name, status: done.status, stderr: done.status === 0 ? "" : done.stderr }).toEqual({
    tool: name,
    status: 0,
    stderr: "",
  });
  return done.stdout;
}

async function write(
  rig: WorkspaceRig,
  name: string,
  ...flags: readonly string[]
): Promise<{ path: string; result: CliResult }> {
  const path = join(rig.outside, name);
  const result = await rig.run(["build", "//app", "-o", path, ...flags]);
  expect({ code: result.code, stderr: result.code === 0 ? "" : result.stderr }).toEqual({ code: 0, stderr: "" });
  return { path, result };
}

// skopeo 1.9 and podman 4.3 of Debian 12 cannot read a docker-archive that is compressed by gzip, whoever made it.
const FORMS = [
  ["docker-archive", "zstd"],
  ["docker-archive", "none"],
  ["oci-archive", "gz"],
  ["oci-archive", "zstd"],
  ["oci-layout", "gz"],
  ["oci-layout", "zstd"],
  ["oci-layout", "none"],
] as const;

describeWithTools(["skopeo"], "skopeo", () => {
  test.each(FORMS)(
    "inspects a %s of %s, and its config is the image ID that was printed",
    async (format, compression) => {
      await using rig = await workspaceRig({ files: FILES });
      const { path, result } = await write(rig, "image", "--format", format, "--compression", compression);
      const where = `${format === "oci-layout" ? "oci" : format}:${path}`;
      const shown = JSON.parse(tool("skopeo", "inspect", where)) as {
        Layers: string[];
        Architecture: string;
        Env: string[];
      };
      expect(shown).toMatchObject({ Architecture: "amd64", Env: ["A=1"] });
      expect(shown.Layers).toHaveLength(2);
      const config = JSON.parse(tool("skopeo", "inspect", "--config", where)) as { config: { Cmd: string[] } };
      expect(config.config.Cmd).toEqual(["/app/main"]);
      const copy = join(rig.outside, "copy");
      tool("skopeo", "copy", "--insecure-policy", where, `dir:${copy}`);
      const manifest = JSON.parse(readFileSync(join(copy, "manifest.json"), "utf8")) as { config: { digest: string } };
      expect(result.stdout).toBe(`//app  team/app:1.2  ${manifest.config.digest}\n`);
    },
  );
});

describeWithTools(["umoci"], "umoci", () => {
  test("unpacks a layout to exactly the files of both layers", async () => {
    await using rig = await workspaceRig({ files: FILES });
    const { path } = await write(rig, "layout", "--format", "oci-layout");
    const bundle = join(rig.outside, "bundle");
    const asRoot = process.getuid?.() === 0;
    tool("umoci", "unpack", ...(asRoot ? [] : ["--rootless"]), "--image", `${path}:1.2`, bundle);
    const listed = tool("sh", "-c", `cd ${bundle}/rootfs && find . -printf '%P %y %m %U:%G %s %l\\n' | sort`);
    expect(listed.split("\n").filter((line) => asRoot && line !== "")).toEqual(
      asRoot
        ? [
            " d 755 0:0 4096 ",
            "app d 755 10:20 4096 ",
            "app/link l 777 10:20 14 ../usr/lib/one",
            "app/main f 4755 10:20 10 ",
            "usr d 755 0:0 4096 ",
            "usr/lib d 755 0:0 4096 ",
            "usr/lib/one f 644 0:0 4 ",
          ]
        : [],
    );
  });
});

describeWithTools(["podman"], "podman", () => {
  test.each([
    ["docker-archive", "none"],
    ["docker-archive", "zstd"],
    ["oci-archive", "gz"],
  ] as const)("loads a %s of %s", async (format, compression) => {
    await using rig = await workspaceRig({ files: FILES });
    const { path } = await write(rig, "image.tar", "--format", format, "--compression", compression);
    const own = ["--root", join(rig.outside, "root"), "--runroot", join(rig.outside, "run"), "--storage-driver", "vfs"];
    expect(tool("podman", ...own, "load", "--input", path)).toContain("team/app:1.2");
  });
});

test("an output is replaced as a whole; one that fails leaves the old one", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const { path } = await write(rig, "image.tar");
  const before = readFileSync(path);
  rig.remove("base/lib");
  expect((await rig.run(["build", "//app", "-o", path])).code).toBe(2);
  expect(readFileSync(path).equals(before)).toBe(true);
  rig.write("base/lib/two", "two\n");
  await write(rig, "image.tar");
  expect(readFileSync(path).equals(before)).toBe(false);
});

test("several targets go into one docker-archive, equal layers once", async () => {
  await using rig = await workspaceRig({ files: FILES });
  const path = join(rig.outside, "both.tar");
  const { code, lines } = await rig.run(["build", "//...", "-o", path]);
  expect({ code, targets: lines.length }).toEqual({ code: 0, targets: 2 });
  const names = tool("tar", "-tf", path)
    .split("\n")
    .filter((name) => name.endsWith(".tar") || name.endsWith("layer.tar"));
  expect(new Set(names).size).toBe(names.length);
  const manifest = JSON.parse(tool("tar", "-xOf", path, "manifest.json")) as { RepoTags: string[]; Layers: string[] }[];
  expect(manifest.flatMap((image) => image.RepoTags).sort()).toEqual([expect.stringMatching(/^base:/), "team/app:1.2"]);
  expect(new Set(manifest.flatMap((image) => image.Layers)).size).toBe(2);
});

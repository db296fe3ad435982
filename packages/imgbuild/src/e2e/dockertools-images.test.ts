import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { architectureFromNode } from "@imgbuild/oci";
import { readTarSync } from "@imgbuild/tar";
import { describeWithTools, savedImages } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const DEFINITION = `
export const base = buildImage({ name: "bash", tag: "latest", copyToRoot: [bash, tree({ "/gone": text("x"), "/etc/kept": text("k") })] });
export const untagged = buildImage({ name: "untagged", copyToRoot: bash });
export const redis = buildImage({ name: "redis", tag: "latest", fromImage: base, copyToRoot: hello, runAsRoot: "busybox rm /gone", config: { Cmd: ["/bin/hello"] } });
const many = Array.from({ length: 12 }, (_, index) => buildImage({ name: \`many-\${index}\`, tag: "1", copyToRoot: hello }));
export const dozen = mergeImages(many);
export const both = mergeImages([base, redis]);
export const withoutTag = mergeImages([untagged, redis], { compressor: "none" });
export const files = exportImage({ fromImage: redis });
export const layered = exportImage({ fromImage: buildLayeredImage({ name: "layered", contents: [bash, hello] }), name: "rootfs" });
const arm = buildImage({ name: "app", tag: "arm", architecture: "arm64", copyToRoot: tree({ "/which": text("arm64") }) });
const amd = buildImage({ name: "app", tag: "amd", copyToRoot: tree({ "/which": text("amd64") }) });
export const notedIndex = imageIndex({ name: "noted", annotations: { "com.example.index": "1" }, images: [
  buildImage({ name: "n1", annotations: { "com.example.note": "two\\nlines" } }),
  buildImage({ name: "n2", architecture: "arm64", fromImage: buildImage({ name: "n3", architecture: "arm64", annotations: { "com.example.lost": "x" } }) }),
] });
export const foreign = imageIndex({ name: "foreign", tag: "1", images: [buildImage({ name: "z", architecture: "s390x" })] });
export const index = imageIndex({ name: "app", tag: "1", images: [amd, arm] });
`;

/** A manifest or index of a layout. */
interface Noted {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly manifests: readonly { readonly digest: string }[];
  readonly config: { readonly digest: string };
}

describeWithTools([...DOCKER_TOOLS, "skopeo"], "dockerTools H: several images, export, indexes", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({ "h/image.ts": definition(DEFINITION) });
  });
  afterAll(() => on?.stop());

  const listed = (path: string) =>
    new Map([...readTarSync(readFileSync(path))].map(({ header, content }) => [header.path, { header, content }]));

  test("DT-47: merged images are loaded at once, and both run", async () => {
    const { stdout } = await on.imgbuild("load", "//h:both");
    expect(stdout).toContain("bash:latest,redis:latest");
    expect(on.docker.docker(["run", "--rm", "--network", "none", "redis"]).stdout).toBe("Hello, world!\n");
    expect(on.docker.docker(["run", "--rm", "--network", "none", "bash", "true"]).status).toBe(0);
    const file = join(on.rig.outside, "both.tar");
    await on.imgbuild("build", "//h:both", "-o", file, "--compression", "none");
    expect(savedImages(file).map(({ names }) => names)).toEqual([["bash:latest"], ["redis:latest"]]);
    expect(on.podman.podman(["load", "--input", file])).toMatchObject({ status: 0 });
    expect(on.podman.run(["localhost/redis:latest"]).stdout).toBe("Hello, world!\n");
    expect(on.podman.run(["localhost/bash:latest", "true"]).status).toBe(0);
  });

  test("a dozen images are loaded at once, and stderr has progress alone", async () => {
    const { stderr } = await on.imgbuild("load", "//h:dozen", "--progress", "none");
    expect(stderr).toBe("");
    expect(on.docker.docker(["image", "inspect", "many-11:1"]).status).toBe(0);
  });

  test("merged images in a layout are found each by its tag, or by its name where tags are equal", async () => {
    for (const format of ["oci-layout", "oci-archive"]) {
      const out = join(on.rig.outside, `merged-${format}`);
      await on.imgbuild("build", "//h:both", "-o", out, "--format", format, "--compression", "zstd");
      const transport = format === "oci-layout" ? "oci" : "oci-archive";
      for (const name of ["bash", "redis"]) {
        const source = `${transport}:${out}:docker.io/library/${name}:latest`;
        const { status, stderr } = spawnSync("skopeo", ["inspect", "--config", source], { encoding: "utf8" });
        expect({ source, status, stderr }).toEqual({ source, status: 0, stderr: "" });
      }
    }
  });

  test("DT-48: a merged image without a tag has the one of its input hash", async () => {
    const file = join(on.rig.outside, "merged.tar");
    await on.imgbuild("build", "//h:withoutTag", "-o", file);
    const tag = (await on.imgbuild("tag", "//h:untagged")).stdout.trim();
    expect(savedImages(file).map(({ names }) => names)).toEqual([[`untagged:${tag}`], ["redis:latest"]]);
    expect(on.docker.docker(["load", "--input", file]).stdout).toContain(`untagged:${tag}`);
    expect((await on.imgbuild("tag", "//h:withoutTag")).stdout).toBe(`untagged:${tag}\nredis:latest\n`);
    expect((await on.imgbuild("tag", "//h:index", "//h:both")).stdout).toBe(
      "//h:both  bash:latest\n//h:both  redis:latest\n//h:index  app:1\n",
    );
    const { code, stderr } = await on.rig.run(["tag", "//h:files"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("it has no name") });
  });

  test("DT-52: an export holds ./bin/busybox, without what a layer deleted", async () => {
    const file = join(on.rig.outside, "files.tar");
    await on.imgbuild("build", "//h:files", "-o", file);
    const tar = listed(file);
    expect(tar.get("bin/busybox")?.header).toMatchObject({ type: "file", mode: 0o755 });
    expect(readFileSync(file).includes("./bin/busybox\0")).toBe(true);
    expect([tar.has("gone"), tar.has("etc/kept"), tar.has("bin/hello")]).toEqual([false, true, true]);
    expect([...tar.keys()].some((path) => path.includes(".wh."))).toBe(false);
  });

  test("DM-07: an export is a plain tar, whatever the image's archive would be", async () => {
    const { stdoutBytes } = await on.imgbuild("export", "//h:layered");
    expect([...readTarSync(stdoutBytes)].length).toBeGreaterThan(3);
  });

  test("DM-08: an export can be imported; it has files and no config", async () => {
    const { stdoutBytes } = await on.imgbuild("export", "//h:redis");
    const id = on.docker.docker(["import", "-"], stdoutBytes).stdout.trim();
    expect(on.docker.docker(["image", "inspect", "--format", "{{json .Config.Cmd}} {{.RepoTags}}", id]).stdout).toBe(
      "null []\n",
    );
    expect(on.docker.docker(["run", "--rm", "--network", "none", id, "/bin/hello"]).stdout).toBe("Hello, world!\n");
    const file = join(on.rig.outside, "imported.tar");
    writeFileSync(file, stdoutBytes);
    expect(on.podman.podman(["import", "--quiet", file, "imported:1"])).toMatchObject({ status: 0 });
    expect(on.podman.run(["localhost/imported:1", "/bin/hello"]).stdout).toBe("Hello, world!\n");
  });

  test("an index holds one image a platform, as layout and as archive", async () => {
    for (const format of ["oci-archive", "oci-layout"] as const) {
      const out = join(on.rig.outside, format);
      await on.imgbuild("build", "//h:index", "-o", out, "--format", format);
      on.rig.write(
        "again/image.ts",
        definition(`export default buildImage({ name: "again", fromImage: "./${format}", architecture: "amd64" });`),
      );
      const transport = format === "oci-archive" ? "oci-archive" : "oci";
      const raw = spawnSync("skopeo", ["inspect", "--raw", `${transport}:${out}:1`], { encoding: "utf8" });
      const document = JSON.parse(raw.stdout) as { manifests: { platform: { architecture: string } }[] };
      expect(document.manifests.map(({ platform }) => platform.architecture)).toEqual(["amd64", "arm64"]);
      for (const arch of ["amd64", "arm64"]) {
        const one = spawnSync("skopeo", ["--override-arch", arch, "inspect", "--config", `${transport}:${out}:1`], {
          encoding: "utf8",
        });
        expect(JSON.parse(one.stdout)).toMatchObject({ architecture: arch });
      }
    }
  });

  test("an index is refused where one image is wanted, and names what can hold it", async () => {
    const file = join(on.rig.outside, "index.tar");
    const archive = await on.rig.run(["build", "//h:index", "-o", file]);
    expect(archive).toMatchObject({ code: 1, stderr: expect.stringContaining("it is an index of 2 images") });
    expect(archive.stderr).toContain("--format oci-archive");
    expect(existsSync(file)).toBe(false);
  });

  test("of an index Docker gets the image for its own platform, under the name of the index", async () => {
    const inspect = (name: string) =>
      on.docker.docker(["image", "inspect", "--format", "{{.Id}} {{.Architecture}}", name]);
    await on.imgbuild("load", "//h:index");
    const [id = "", architecture] = inspect("app:1").stdout.trim().split(" ");
    expect(architecture).toBe(architectureFromNode(process.arch));
    expect((await on.imgbuild("inspect", "//h:index")).stdout).toContain(id);
    const { code, stderr } = await on.rig.run(["load", "//h:foreign"], { env: { DOCKER_HOST: on.docker.host } });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/the daemon runs linux\/\w+, and the index has linux\/s390x/),
    });
    expect(inspect("foreign:1").status).not.toBe(0);
  });

  test("annotations are those of the manifest and of the index; the config and an image on it have none", async () => {
    const out = join(on.rig.outside, "noted");
    await on.imgbuild("build", "//h:notedIndex", "-o", out, "--format", "oci-layout");
    const blob = (digest: string) =>
      JSON.parse(readFileSync(join(out, "blobs", digest.replace(":", "/")), "utf8")) as Noted;
    const index = blob(JSON.parse(readFileSync(join(out, "index.json"), "utf8")).manifests[0].digest);
    expect(index.annotations).toEqual({ "com.example.index": "1" });
    const [first, second] = index.manifests.map(({ digest }) => blob(digest));
    expect([first?.annotations, second?.annotations]).toEqual([{ "com.example.note": "two\nlines" }, undefined]);
    expect(JSON.stringify(blob(first?.config.digest ?? ""))).not.toContain("com.example");
    // The cache knows the image by its config; its annotations are still those of the definition.
    on.rig.write("h/image.ts", definition(DEFINITION.replace("two\\nlines", "changed")));
    await on.imgbuild("build", "//h:notedIndex", "-o", out, "--format", "oci-layout");
    expect(
      readdirSync(join(out, "blobs/sha256")).some(
        (name) => blob(`sha256:${name}`).annotations?.["com.example.note"] === "changed",
      ),
    ).toBe(true);
  });

  test("a root file system is refused where an image is wanted", async () => {
    for (const command of ["load", "stream", "run"]) {
      const { code, stderr } = await on.rig.run([command, "//h:files"], { env: { DOCKER_HOST: on.docker.host } });
      expect({ command, code, said: stderr.includes("it is a root file system") }).toEqual({
        command,
        code: 2,
        said: true,
      });
    }
  });
});

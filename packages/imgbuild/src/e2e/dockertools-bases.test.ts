import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describeWithTools, savedImages } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const WORK = `Cmd: ["/bin/sh", "-c", "echo hello > /data/file && cat /data/file"], WorkingDir: "/data", Env: ["PATH=/bin"]`;

const DEFINITION = `
export const layered = buildLayeredImage({ name: "layered", contents: [bash, hello] });
const data = tree({ "/data": directory({ mode: 0o777 }) });
export const onTop = buildImage({ name: "on-top", fromImage: layered, copyToRoot: data, config: { ${WORK} } });
export const onTopByScript = buildImage({ name: "on-top-script", fromImage: layered, extraCommands: "mkdir data && chmod 777 data", config: { ${WORK} } });
export const layeredOnTop = buildLayeredImage({ name: "layered-on-top", fromImage: layered, contents: [bash, hello, data], config: { ${WORK} } });

const files = (layer, ...numbers) => tree(Object.fromEntries(numbers.map((n) => ["/tmp/layer" + n, text("layer" + layer + "\\n")])));
const l1 = buildImage({ name: "l1", copyToRoot: [bash, files(1, 1, 2, 3)] });
const l2 = buildImage({ name: "l2", fromImage: l1, copyToRoot: files(2, 2, 3) });
export const l3 = buildImage({ name: "l3", fromImage: l2, copyToRoot: files(3, 3) });

const parent = buildImage({ name: "parent", copyToRoot: bash, config: { Env: ["FROM_PARENT=true", "LAST_LAYER=parent"], User: "65534", WorkingDir: "/bin", Labels: { a: "1", b: "1" }, Cmd: ["/bin/id"] } });
const Env = ["FROM_CHILD=true", "LAST_LAYER=child"];
export const child = buildImage({ name: "child", fromImage: parent, config: { Env, Cmd: ["/bin/env"] } });
export const layeredChild = buildLayeredImage({ name: "layered-child", fromImage: parent, contents: tree({ "/x": text("x") }), config: { Env, Cmd: ["/bin/env"] } });
export const heir = buildImage({ name: "heir", fromImage: parent, inheritConfig: "all", unset: ["User"], config: { Labels: { b: "2" } } });
export const redis = buildImage({ name: "redis", fromImage: parent, copyToRoot: hello, runAsRoot: "mkdir -p /data", config: { Cmd: ["/bin/hello"], WorkingDir: "/data", Volumes: { "/data": {} } } });

export const archived = buildImage({ name: "Archived", fromImage: "./base.tar", copyToRoot: hello });
export const chosen = buildImage({ name: "chosen", fromImage: "./two.tar", fromImageName: "l3", fromImageTag: "second", copyToRoot: hello });
export const absent = buildImage({ name: "absent", fromImage: "./two.tar", fromImageName: "l4" });
export const open = buildImage({ name: "open", fromImage: "./two.tar" });

export const usrmerge = buildImage({ name: "usrmerge", copyToRoot: tree({ "/usr": bash, "/bin": link("usr/bin"), "/etc/motd": text("hi\\n"), "/tmp": directory({ mode: 0o1777 }) }) });
export const through = buildImage({ name: "through", fromImage: usrmerge, copyToRoot: [hello, tree({ "/etc/motd": text("hi\\n"), "/tmp/new": text("x") })] });
const made = { extraCommands: "test -e bin/hello; mkdir -p bin/sub; echo s > bin/sub/made; ln bin/hello bin/twin" };
export const scripted = buildImage({ name: "scripted", fromImage: usrmerge, copyToRoot: hello, ...made });
export const scriptedLayers = buildLayeredImage({ name: "scripted-layers", fromImage: usrmerge, contents: hello, ...made, enableFakechroot: true, fakeRootCommands: "cat /bin/sub/made && /bin/twin" });
export const scriptedOver = buildImage({ name: "scripted-over", fromImage: usrmerge, baseLinks: "replace", copyToRoot: hello, ...made });
export const deliberate = buildImage({ name: "deliberate", fromImage: usrmerge, runAsRoot: "busybox rm /bin; /usr/bin/mkdir /bin; /usr/bin/busybox cp /usr/bin/cat /bin/", extraCommands: "echo x > bin/own" });
export const replaced = buildImage({ name: "replaced", fromImage: usrmerge, baseLinks: "replace", copyToRoot: hello });
`;

describeWithTools([...DOCKER_TOOLS, "skopeo"], "dockerTools E: base images", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({ "e/image.ts": definition(DEFINITION) });
    await on.imgbuild("build", "//e:l3", "-o", on.rig.path("e/base.tar"));
    await on.imgbuild("load", "//e:l3", "//e:layered");
    const tag = async (name: string) => `${name}:${(await on.imgbuild("tag", `//e:${name}`)).stdout.trim()}`;
    on.docker.docker(["tag", await tag("l3"), "l3:second"]);
    on.docker.docker(["tag", await tag("layered"), "l3:first"]);
    on.docker.docker(["save", "--output", on.rig.path("e/two.tar"), "l3:first", "l3:second"]);
  });
  afterAll(() => on?.stop());

  test("DT-21, DT-23: an image on an archive, its name in lower case", async () => {
    const reference = await on.load("//e:archived");
    expect(reference).toMatch(/^archived:/);
    expect(on.run(reference, "hello").stdout).toBe("Hello, world!\n");
  });

  test.each(["onTop", "onTopByScript", "layeredOnTop"])(
    "DT-28, DT-29: %s of a layered image writes into its directory",
    async (name) => {
      expect(on.runWith(["--user", "1000"], await on.load(`//e:${name}`))).toMatchObject({
        status: 0,
        stdout: "hello\n",
      });
    },
  );

  test("DT-31: upper layers win, and the order of the base is kept", async () => {
    const reference = await on.load("//e:l3");
    const read = [1, 2, 3].map((n) => on.run(reference, "cat", `/tmp/layer${n}`).stdout);
    expect(read).toEqual(["layer1\n", "layer2\n", "layer3\n"]);
  });

  test.each(["child", "layeredChild"])("DT-34, DT-35: %s has the Env of its base, its own on top", async (name) => {
    const reference = await on.load(`//e:${name}`);
    // Each engine adds variables of its own.
    const { stdout } = on.run(reference, "sh", "-c", "echo $FROM_PARENT $FROM_CHILD $LAST_LAYER");
    expect(stdout).toBe("true true child\n");
    const { config } = await on.saved(`//e:${name}`);
    expect(config.config?.Env).toEqual(["FROM_PARENT=true", "LAST_LAYER=child", "FROM_CHILD=true"]);
    expect(config.config?.User).toBeUndefined();
  });

  test("the rest of the base's config is inherited when asked for, but for what is unset", async () => {
    const { config } = (await on.saved("//e:heir")).config;
    expect(config).toEqual({
      Cmd: ["/bin/id"],
      Env: ["FROM_PARENT=true", "LAST_LAYER=parent"],
      Labels: { a: "1", b: "2" },
      WorkingDir: "/bin",
    });
  });

  test("DT-77: redis on bash, with a privileged mkdir, a volume and a working directory", async () => {
    const reference = await on.load("//e:redis");
    expect(on.run(reference)).toMatchObject({ status: 0, stdout: "Hello, world!\n" });
    expect(on.run(reference, "sh", "-c", "echo $PWD").stdout).toBe("/data\n");
  });

  test("DF-11: one image of several is chosen by name and tag; absent or open is refused with what there is", async () => {
    expect(on.run(await on.load("//e:chosen"), "cat", "/tmp/layer3").stdout).toBe("layer3\n");
    expect(await on.refusal("//e:absent")).toContain('Cannot find the image "l4"');
    const said = await on.refusal("//e:open");
    expect(said).toContain('"l3:first"');
    expect(said).toContain('"l3:second"');
  });

  test("what is put into /bin of a merged-/usr base goes through its link; what the base has is not stored again", async () => {
    const reference = await on.load("//e:through");
    expect(on.run(reference, "/usr/bin/hello").stdout).toBe("Hello, world!\n");
    expect(on.run(reference, "readlink", "/bin").stdout).toBe("usr/bin\n");
    expect(on.run(reference, "stat", "-c", "%a", "/tmp").stdout).toBe("1777\n");
    const { layers } = await on.saved("//e:through");
    expect(layers.at(-1)?.map(({ path }) => path)).toEqual(["tmp", "tmp/new", "usr", "usr/bin", "usr/bin/hello"]);
  });

  test.each(["scripted", "scriptedLayers"])(
    "what a script makes in bin/ goes through the link too (%s)",
    async (name) => {
      const reference = await on.load(`//e:${name}`);
      expect(on.run(reference, "readlink", "/bin").stdout).toBe("usr/bin\n");
      expect(on.run(reference, "sh", "-c", "cat /usr/bin/sub/made; /bin/twin").stdout).toBe("s\nHello, world!\n");
    },
  );

  test("but for a directory that was put in the link's place on purpose", async () => {
    const over = (await on.saved("//e:scriptedOver")).layers.at(-1)?.map(({ path }) => path);
    expect(over).toEqual(["bin", "bin/hello", "bin/sub", "bin/sub/made", "bin/twin"]);
    const deliberate = (await on.saved("//e:deliberate")).layers.at(-1)?.map(({ path }) => path);
    expect(deliberate?.filter((path) => path.startsWith("usr"))).toEqual([]);
    expect(deliberate).toEqual(expect.arrayContaining(["bin", "bin/cat", "bin/own"]));
  });

  test("links to directories of a source stay, and are copied with keepContentsDirlinks: false", async () => {
    mkdirSync(on.rig.path("links/dir/real"), { recursive: true });
    on.rig.write("links/dir/real/file", "x");
    for (const [name, target] of [
      ["relative", "real"],
      ["absolute", "/real"],
      ["out", "../../e"],
      ["dangling", "none"],
    ] as const) {
      symlinkSync(target, on.rig.path(`links/dir/${name}`));
    }
    const images = [true, false].map(
      (keep) =>
        `export const keep${keep} = buildImage({ name: "keep-${keep}", copyToRoot: [bash, "./dir"], keepContentsDirlinks: ${keep} });`,
    );
    on.rig.write("links/image.ts", definition(images.join("\n")));
    const listing = async (label: string) =>
      on.run(await on.load(label), "sh", "-c", "for f in relative absolute out dangling; do readlink $f || ls $f; done")
        .stdout;
    expect(await listing("//links:keeptrue")).toBe("real\n/real\n../../e\nnone\n");
    expect(await listing("//links:keepfalse")).toBe("file\n/real\n../../e\nnone\n");
  });

  test("the link is replaced when that is asked for", async () => {
    const { layers } = await on.saved("//e:replaced");
    expect(layers.at(-1)?.map(({ path, type }) => `${path} ${type}`)).toEqual(["bin directory", "bin/hello file"]);
  });

  test.each([
    ["docker-archive", "gz"],
    ["docker-archive", "zstd"],
    ["oci-archive", "gz"],
    ["oci-archive", "zstd"],
    ["oci-layout", "gz"],
  ])("a base may be a %s of %s", async (format, compression) => {
    const dir = on.rig.path(`formats/${format}-${compression}`);
    mkdirSync(dir, { recursive: true });
    await on.imgbuild(
      "build",
      "//e:usrmerge",
      "-o",
      join(dir, "base"),
      "--format",
      format,
      "--compression",
      compression,
    );
    on.rig.write(
      `formats/${format}-${compression}/image.ts`,
      definition(
        `export default buildImage({ name: "on-base", fromImage: "./base", copyToRoot: tree({ "/bin/x": text("x"), "/etc/motd": text("hi\\n") }) });`,
      ),
    );
    const { layers } = await on.saved(`//formats/${format}-${compression}`);
    expect(layers.at(-1)?.map(({ path }) => path)).toEqual(["usr", "usr/bin", "usr/bin/x"]);
  });

  test.each(["docker-archive", "oci-archive", "oci-dir"])("a base that podman saves as %s is read", async (format) => {
    const reference = await on.load("//e:l3");
    const place = `podman-${format}`;
    mkdirSync(on.rig.path(place));
    const args = ["save", "--quiet", "--format", format, "--output", on.rig.path(`${place}/base`), reference];
    expect(on.podman.podman(args)).toMatchObject({ status: 0 });
    on.rig.write(`${place}/image.ts`, definition(`export default buildImage({ name: "p", fromImage: "./base" });`));
    const ids = async (label: string) => (await on.saved(label)).config.rootfs.diff_ids;
    expect(await ids(`//${place}`)).toEqual(await ids("//e:l3"));
  });

  test("a base that Docker and skopeo wrote is read, and its layers pass unchanged", async () => {
    const before = (await on.saved("//e:l3")).config.rootfs.diff_ids;
    mkdirSync(on.rig.path("copied"));
    const copied = spawnSync("skopeo", [
      "copy",
      `docker-archive:${on.rig.path("e/two.tar")}:l3:second`,
      `oci:${on.rig.path("copied/oci")}:x`,
    ]);
    expect(copied.status).toBe(0);
    const exported = [`export default buildImage({ name: "copied", fromImage: "./oci" });`];
    exported.push(`export const dir = buildImage({ name: "dir", fromImage: "./dir" });`);
    on.rig.write("copied/image.ts", definition(exported.join("\n")));
    expect((await on.saved("//copied")).config.rootfs.diff_ids).toEqual(before);
    spawnSync("skopeo", ["copy", `oci:${on.rig.path("copied/oci")}:x`, `dir:${on.rig.path("copied/dir")}`]);
    expect(await on.refusal("//copied:dir")).toContain("skopeo copy dir:DIRECTORY oci:LAYOUT");
    const save = on.rig.path("copied/one.tar");
    on.docker.docker(["save", "--output", save, "l3:second"]);
    expect(savedImages(save)[0]?.config.rootfs.diff_ids).toEqual(before);
  });
});

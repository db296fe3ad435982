import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readTarSync } from "@imgbuild/tar";
import { describeWithTools } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const DEFINITION = `
const library = (name, size) => tree({ ["/lib/" + name]: text(name.repeat(size)) });
const four = [library("glibc", 400), library("libidn2", 90), library("libunistring", 200), library("xgcc", 50)];
export const several = buildLayeredImage({ name: "several", contents: [...four, bash, hello], extraCommands: "echo custom > customised", config: { Cmd: ["/bin/hello"] } });

const same = { name: "same", contents: [bash, hello, ...four], extraCommands: "echo x > x", config: { Cmd: ["/bin/hello"] } };
export const file = buildLayeredImage(same);
export const streamed = streamLayeredImage(same);

const written = { copyToRoot: bash, config: { Cmd: ["/bin/cat", "/data/my-file"], WorkingDir: "/data", Volumes: { "/data": {} } } };
export const asRoot = buildImage({ name: "as-root", ...written, runAsRoot: "mkdir -p /data\\necho some content > /data/my-file\\nchmod 640 /data/my-file\\nbusybox ln -s my-file /data/link" });
export const extra = buildImage({ name: "extra", ...written, extraCommands: "mkdir -p data\\necho some content > data/my-file\\nchmod 640 data/my-file\\nbusybox ln -s my-file data/link" });

export const shell = buildImage({ name: "shell", copyToRoot: [tree({ "/bin/busybox": "//busybox" }), binSh({ shell: "busybox" })] });
export const helped = buildImage({ name: "helped", copyToRoot: [bash, imgbuild.usrBinEnv({ env: "/bin/busybox" }), imgbuild.ianaEtc(), fakeNss({ extraPasswdLines: ["www:x:101:101::/www:/bin/sh"], extraGroupLines: ["www:x:101:"] })] });
export const layeredShell = buildLayeredImage({ name: "layered-shell", contents: [tree({ "/bin/busybox": "//busybox" }), binSh({ shell: "/bin/busybox" })] });
`;

describeWithTools([...DOCKER_TOOLS, "unshare", "setpriv"], "dockerTools K: what the manual says", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({
      "k/image.ts": definition(DEFINITION),
      "k/busybox": '#!/bin/busybox sh\nexec /bin/busybox sh "$@"\n',
    });
    on.rig.chmod("k/busybox", 0o755);
  });
  afterAll(() => on?.stop());

  test("DM-01: each unit has a layer, the scripts one more on top, and each is named", async () => {
    expect(on.run(await on.load("//k:several")).stdout).toBe("Hello, world!\n");
    const { layers } = await on.saved("//k:several");
    expect(layers.length).toBe(7);
    expect(layers.at(-1)?.map(({ path }) => path)).toEqual(["customised"]);
    const lines = (await on.imgbuild("inspect", "//k:several")).stdout.match(/^ {4}sha256:.*$/gm) ?? [];
    expect(lines.map((line) => line.replace(/^.*[kM]?B {2}/, ""))).toEqual([
      ...["glibc", "libidn2", "libunistring", "xgcc"].map((name) => `tree /lib/${name}`),
      expect.stringMatching(/^tree \/bin\/busybox/),
      "tree /bin/hello",
      "extraCommands",
    ]);
  });

  test("DM-03: streamed and written to a file an image has one ID, one tag and the same bytes", async () => {
    const { stdout } = await on.imgbuild("build", "//k:file", "//k:streamed");
    const [file, streamed] = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/ {2,}/).slice(1));
    expect(streamed).toEqual(file);
    const out = join(on.rig.outside, "file.tar");
    await on.imgbuild("build", "//k:file", "-o", out, "--compression", "none");
    expect((await on.imgbuild("stream", "//k:streamed")).stdoutBytes.equals(readFileSync(out))).toBe(true);
  });

  test("DM-04: runAsRoot and extraCommands that say the same give the same file system", async () => {
    const filesOf = async (label: string) => {
      const { stdoutBytes } = await on.imgbuild("export", label);
      return [...readTarSync(stdoutBytes)].map(({ header, content }) => [
        header,
        Buffer.from(content).toString("latin1"),
      ]);
    };
    expect(await filesOf("//k:asRoot")).toEqual(await filesOf("//k:extra"));
    for (const name of ["asRoot", "extra"]) expect(on.run(await on.load(`//k:${name}`)).stdout).toBe("some content\n");
  });

  test.each(["shell", "layeredShell"])("DM-06: %s has an interactive /bin/sh", async (name) => {
    const reference = await on.load(`//k:${name}`);
    expect(on.run(reference, "/bin/sh", "-i", "-c", "echo $-").stdout).toMatch(/i/);
  });

  test("the helpers' files are where programs look for them", async () => {
    const script = [
      ...["grep -c . /etc/passwd", "grep -w ^ssh /etc/services", "grep -w tcp /etc/protocols", "id www"],
      ...["ls -d /var/empty", "readlink /usr/bin/env"],
    ];
    expect(on.run(await on.load("//k:helped"), "sh", "-c", script.join("; ")).stdout.split("\n")).toEqual([
      ...[
        "3",
        "ssh\t22/tcp",
        "tcp\t6\tTCP",
        "uid=101(www) gid=101(www) groups=101(www)",
        "/var/empty",
        "/bin/busybox",
        "",
      ],
    ]);
  });

  test("DM-10: built twice, elsewhere and with another cache, the bytes are the same", async () => {
    const copy = on.rig.copy();
    try {
      for (const [format, compression] of [
        ["docker-archive", "gz"],
        ["oci-archive", "zstd"],
        ["rootfs", "none"],
      ] as const) {
        const build = async (rig: DockerToolsRig["rig"], jobs: string) => {
          const out = join(rig.outside, `same.${format}`);
          const args = [
            "build",
            "//k:several",
            "-o",
            out,
            "--format",
            format,
            "--compression",
            compression,
            "-j",
            jobs,
          ];
          const { code, stderr } = await rig.run(args, { env: { TZ: "Asia/Tokyo", LC_ALL: "tr_TR.UTF-8" } });
          expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
          return readFileSync(out);
        };
        expect((await build(copy, "1")).equals(await build(on.rig, "4"))).toBe(true);
      }
    } finally {
      await copy[Symbol.asyncDispose]();
    }
  });
});

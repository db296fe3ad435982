import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ImageData, importImage, validateImage } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import { type Dockerd, describeWithTools, startDockerd, testStore, tinyImage } from "@imgbuild/testkit";
import { archiveFileSink } from "./archive-file-sink.ts";
import { layoutSink } from "./layout-sink.ts";

const rig = testStore();
const signal = new AbortController().signal;
let store: Store;
let dir: string;
let data: ImageData;
beforeAll(async () => {
  store = await rig.open();
  dir = mkdtempSync(join(tmpdir(), "imgbuild-tools-"));
  const base = await tinyImage(store, {
    layers: [{ "etc/base": "base\n" }],
    config: { Env: ["A=1"] },
  });
  data = await tinyImage(store, {
    layers: [{ "srv/big": Buffer.alloc(2_500_000, "imgbuild\n") }, { "etc/top": "top\n" }],
    base,
    config: { Cmd: ["/none"], Labels: { made: "here" } },
  });
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
  rig.remove();
});

function run(tool: string, args: readonly string[]): string {
  const done = spawnSync(tool, args, { encoding: "utf8", env: { ...process.env, XDG_RUNTIME_DIR: dir } });
  if (done.status !== 0) throw new Error(`${tool} ${args.join(" ")}: ${done.error ?? done.stderr}`);
  return done.stdout;
}

const names = ["tools.example/team/app:1", "app:2"];

async function archive(format: "docker-archive" | "oci-archive", algorithm: "none" | "gzip" | "zstd") {
  const file = join(dir, `${format}-${algorithm}.tar`);
  const sink = archiveFileSink({ store, file, format, compressor: { algorithm } });
  await sink.deliver([{ data, references: names }], { signal });
  return file;
}

async function layout(algorithm: "none" | "gzip" | "zstd") {
  const out = join(dir, `layout-${algorithm}`);
  await layoutSink({ store, dir: out, compression: { algorithm } }).deliver([{ data, references: names }], { signal });
  return out;
}

async function reimported(path: string, name: string | null = null, tag: string | null = null) {
  const image = await importImage({ path, pick: { name, tag }, store, signal });
  await validateImage(store, image);
  return image;
}

describeWithTools(["skopeo"], "skopeo", () => {
  const inspect = (source: string) => JSON.parse(run("skopeo", ["inspect", "--config", source])) as object;

  // Not gzip: skopeo 1.9 and podman 4.3 of Debian 12 cannot read any gzip-compressed docker-archive, nor their own.
  test.each(["none", "zstd"] as const)("reads a docker-archive with %s", async (algorithm) => {
    const file = await archive("docker-archive", algorithm);
    const expected: unknown = JSON.parse(`${store.blobs.read(data.config)}`);
    expect(inspect(`docker-archive:${file}:app:2`)).toMatchObject(expected as object);
  });

  test.each(["none", "gzip", "zstd"] as const)(
    "copies layers out of layout and archive with %s, and we read the copy",
    async (algorithm) => {
      for (const source of [
        `oci:${await layout(algorithm)}:2`,
        `oci-archive:${await archive("oci-archive", algorithm)}:1`,
      ]) {
        expect(inspect(source)).toMatchObject({ config: { Labels: { made: "here" }, Env: ["A=1"] } });
        const copy = mkdtempSync(join(dir, "copy-"));
        run("skopeo", ["copy", "--quiet", source, `oci:${copy}:copied`]);
        expect((await reimported(copy, null, "copied")).config).toBe(data.config);
        // Docker's manifests have no zstd.
        if (algorithm === "zstd") continue;
        run("skopeo", ["copy", "--quiet", source, `docker-archive:${copy}/d.tar:copy/of:1`]);
        const layers = (await reimported(join(copy, "d.tar"), "copy/of", "1")).layers.map(({ diffId }) => diffId);
        expect(layers).toEqual(data.layers.map(({ diffId }) => diffId));
      }
    },
  );
});

describeWithTools(["umoci"], "umoci", () => {
  test("unpacks a layout to the files of all layers", async () => {
    const bundle = join(dir, "bundle");
    run("umoci", ["unpack", "--image", `${await layout("gzip")}:1`, bundle]);
    expect(readFileSync(join(bundle, "rootfs/etc/base"), "utf8")).toBe("base\n");
    expect(readFileSync(join(bundle, "rootfs/etc/top"), "utf8")).toBe("top\n");
    expect(readFileSync(join(bundle, "rootfs/srv/big"))).toHaveLength(2_500_000);
  });
});

describeWithTools(["podman"], "podman", () => {
  const podman = (...args: string[]) =>
    run("podman", [
      "--root",
      join(dir, "podman"),
      "--runroot",
      join(dir, "podman-run"),
      "--storage-driver",
      "vfs",
      ...args,
    ]);

  test.each([
    ["docker-archive", "none"],
    ["docker-archive", "zstd"],
    ["oci-archive", "gzip"],
    ["oci-archive", "zstd"],
  ] as const)("loads a %s with %s under its name", async (format, algorithm) => {
    const file = join(dir, `podman-${format}.tar`);
    const sink = archiveFileSink({ store, file, format, compressor: { algorithm } });
    await sink.deliver([{ data, references: ["tools.example/team/app:1"] }], { signal });
    podman("load", "--quiet", "--input", file);
    const id = podman("image", "inspect", "--format", "{{.Id}}", "tools.example/team/app:1").trim();
    expect(`sha256:${id}`).toBe(data.config);
    podman("rmi", "--force", id);
  });
});

describeWithTools(["dockerd", "docker"], "docker itself", () => {
  let daemon: Dockerd;
  beforeAll(async () => {
    daemon = await startDockerd();
  });
  afterAll(() => daemon.stop());

  test.each(["none", "gzip"] as const)(
    "loads a docker-archive with %s, and we read what it saves",
    async (algorithm) => {
      const file = await archive("docker-archive", algorithm);
      expect(daemon.docker(["load", "--input", file])).toMatchObject({ status: 0 });
      const inspected = daemon.docker(["image", "inspect", "app:2", "--format", "{{.Id}} {{.RepoTags}}"]).stdout;
      expect(inspected.trim()).toBe(`${data.config} [app:2 tools.example/team/app:1]`);
      expect(daemon.docker(["history", "--no-trunc", "--format", "{{.Comment}}", "app:2"]).stdout).toBe(
        "etc/top\nsrv/big\netc/base\n",
      );
      const saved = join(dir, "saved.tar");
      expect(daemon.docker(["save", "--output", saved, "app:2", "tools.example/team/app:1"]).status).toBe(0);
      expect(await reimported(saved, "app", "2")).toMatchObject({ config: data.config, layers: data.layers });
      daemon.docker(["rmi", "-f", data.config]);
    },
  );

  test("saves a layer that is used twice in a way that we read", async () => {
    const twice = await tinyImage(store, { layers: [{ a: "1" }, { b: "2" }, { a: "1" }] });
    const file = join(dir, "twice.tar");
    const sink = archiveFileSink({ store, file, format: "docker-archive", compressor: { algorithm: "none" } });
    await sink.deliver([{ data: twice, references: ["twice:1"] }], { signal });
    daemon.docker(["load", "--input", file]);
    const { stdout } = daemon.docker(["image", "inspect", "--format", "{{.Id}}", "twice:1"]);
    expect(stdout.trim()).toBe(twice.config);
    daemon.docker(["save", "--output", join(dir, "twice-saved.tar"), "twice:1"]);
    expect((await reimported(join(dir, "twice-saved.tar"))).layers).toEqual(twice.layers);
  });

  test("and its own builder: an image that it made is a base like any other", async () => {
    const context = mkdtempSync(join(dir, "context-"));
    writeFileSync(join(context, "f"), "from docker\n");
    writeFileSync(join(context, "Dockerfile"), 'FROM scratch\nENV A=b\nCOPY f /f\nCMD ["/f"]\n');
    process.env.DOCKER_BUILDKIT = "0";
    const built = daemon.docker(["build", "--quiet", "--tag", "built:1", context]);
    delete process.env.DOCKER_BUILDKIT;
    expect(built).toMatchObject({ status: 0 });
    daemon.docker(["save", "--output", join(dir, "built.tar"), "built:1"]);
    const base = await reimported(join(dir, "built.tar"), "built");
    expect(base.config).toBe(built.stdout.trim());
    await validateImage(store, await tinyImage(store, { layers: [{ top: "1" }], base }));
  });
});

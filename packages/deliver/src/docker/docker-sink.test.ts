import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Digest } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { type Dockerd, describeSink, describeWithTools, startDockerd, testStore, tinyImage } from "@imgbuild/testkit";
import type { Delivered } from "../sink.ts";
import { dockerSink } from "./docker-sink.ts";

const signal = new AbortController().signal;

describeWithTools(["dockerd", "docker"], "loading into a Docker daemon", () => {
  const rig = testStore();
  let store: Store;
  let daemon: Dockerd;
  beforeAll(async () => {
    store = await rig.open();
    daemon = await startDockerd();
  });
  afterAll(async () => {
    await daemon.stop();
    rig.remove();
  });

  const idOf = (name: string): Digest | undefined => {
    const { status, stdout } = daemon.docker(["image", "inspect", "--format", "{{.Id}}", name]);
    return status === 0 ? (stdout.trim() as Digest) : undefined;
  };
  const removeAll = (): void => {
    const ids = daemon.docker(["images", "-aq", "--no-trunc"]).stdout.split("\n").filter(Boolean);
    for (const id of new Set(ids)) daemon.docker(["rmi", "-f", id]);
  };
  afterEach(removeAll);

  describeSink("the docker sink", async () => ({
    store,
    sink: dockerSink({ store, host: daemon.host }),
    find: async (reference) => idOf(reference),
    close: async () => removeAll(),
  }));

  const load = (
    data: Parameters<ReturnType<typeof dockerSink>["deliver"]>[0][number]["data"],
    references: string[],
    hints: string[] = [],
  ): Promise<Delivered> => dockerSink({ store, host: daemon.host, hints }).deliver([{ data, references }], { signal });

  test("sends only the layers above what an older image of the repository has", async () => {
    const big = Buffer.alloc(2_000_000, "0123456789");
    const base = await tinyImage(store, { layers: [{ big }, { b: "2" }] });
    await load(base, ["app:1"]);
    const next = await tinyImage(store, { layers: [{ c: "3" }], base });
    const result = await load(next, ["app:2"]);
    expect(result).toMatchObject({ layersSent: 1, layersSkipped: 2 });
    expect(result.bytes).toBeLessThan(20_000);
    expect(idOf("app:2")).toBe(next.config);
    const saved = daemon.docker(["create", "app:2", "/none"]);
    expect(daemon.docker(["cp", `${saved.stdout.trim()}:/c`, "-"]).stdout).toContain("3");
    expect(daemon.docker(["cp", `${saved.stdout.trim()}:/big`, "-"]).stdout.length).toBeGreaterThan(2_000_000);
    daemon.docker(["rm", saved.stdout.trim()]);
  });

  test("finds shared layers in images of other names by hints, and believes no hint", async () => {
    const base = await tinyImage(store, { layers: [{ hinted: "1" }] });
    await load(base, ["elsewhere:1"]);
    const next = await tinyImage(store, { layers: [{ above: "2" }], base });
    const wrong = `sha256:${"0".repeat(64)}`;
    expect(await load(next, ["hinting:1"], [wrong, base.config])).toMatchObject({ layersSent: 1, layersSkipped: 1 });
    removeAll();
    expect(await load(next, ["hinting:1"], [base.config])).toMatchObject({ layersSent: 2, layersSkipped: 0 });
    expect(idOf("hinting:1")).toBe(next.config);
  });

  test("sends a layer that the daemon has at another place of the stack", async () => {
    const one = await tinyImage(store, { layers: [{ p: "p" }, { q: "q" }] });
    await load(one, ["order:1"]);
    const other = await tinyImage(store, { layers: [{ q: "q" }, { p: "p" }] });
    expect(await load(other, ["order:2"])).toMatchObject({ layersSent: 2 });
    expect(idOf("order:2")).toBe(other.config);
  });

  test("only names an image that is there, and sends not a byte", async () => {
    const data = await tinyImage(store, { layers: [{ named: "1" }] });
    await load(data, ["named:1"]);
    expect(await load(data, ["named:1", "docker.io/library/also:2"])).toEqual({
      bytes: 0,
      layersSent: 0,
      layersSkipped: 1,
      complete: true,
    });
    expect(idOf("also:2")).toBe(data.config);
  });

  test("takes a name away from an older image", async () => {
    const old = await tinyImage(store, { layers: [{ v: "1" }] });
    const young = await tinyImage(store, { layers: [{ v: "2" }] });
    await load(old, ["moving:latest"]);
    await load(young, ["moving"]);
    expect(idOf("moving")).toBe(young.config);
  });

  test("quotes the daemon when it refuses", async () => {
    const data = await tinyImage(store, { layers: [{ x: "x" }] });
    const config = Buffer.from(
      `{"architecture":"amd64","os":"windows","rootfs":{"type":"layers","diff_ids":["${data.layers[0]?.diffId}"]}}`,
    );
    const foreign = { ...data, config: store.blobs.put(config), configSize: config.length };
    await expect(load(foreign, ["foreign:1"])).rejects.toMatchObject({
      code: "refused",
      message: expect.stringMatching(/Cannot load "foreign:1" into Docker: the daemon says ".*windows/),
    });
  });
});

describe("without a daemon", () => {
  const rig = testStore();
  afterAll(() => rig.remove());

  test("says what to do when there is no socket", async () => {
    const dir = mkdtempSync(join(tmpdir(), "imgbuild-no-docker-"));
    try {
      const sink = dockerSink({ store: await rig.open(), host: `unix://${dir}/docker.sock` });
      await expect(sink.deliver([await somewhere()], { signal })).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringContaining(`${dir}/docker.sock`),
        hint: expect.stringContaining("-o"),
      });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test("says so when nothing listens at a port", async () => {
    const sink = dockerSink({ store: await rig.open(), host: "tcp://127.0.0.1:9" });
    await expect(sink.deliver([await somewhere()], { signal })).rejects.toMatchObject({ code: "unavailable" });
  });

  const somewhere = async () => ({ data: await tinyImage(await rig.open(), { layers: [] }), references: ["x:1"] });
});

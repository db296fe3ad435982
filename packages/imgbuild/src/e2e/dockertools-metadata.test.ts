import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describeWithTools } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const DEFINITION = `
export const single = buildImage({ name: "bash", tag: "latest", copyToRoot: bash });
export const untagged = buildImage({ name: "untagged", copyToRoot: bash });
export const layered = buildLayeredImage({ name: "layered", contents: [bash, hello] });
export const streamed = streamLayeredImage({ name: "streamed", contents: [bash, hello] });
export const singleZstd = buildImage({ name: "single-zstd", compressor: "zstd", copyToRoot: bash });
export const singleNone = buildImage({ name: "single-none", compressor: "none", copyToRoot: bash });
export const layeredZstd = buildLayeredImage({ name: "layered-zstd", compressor: "zstd", contents: [bash, hello] });
export const layeredNone = buildLayeredImage({ name: "layered-none", compressor: "none", contents: [bash, hello] });
export const nowSingle = buildImage({ name: "now-single", created: "now", copyToRoot: bash });
export const nowLayered = buildLayeredImage({ name: "now-layered", created: "now", contents: [bash] });
export const prefixed = buildImage({ name: "registry.example.com/image", copyToRoot: bash });
export const prefixedLayered = buildLayeredImage({ name: "registry.example.com/layered", contents: bash });
export const arm = buildImage({ name: "arm", architecture: "arm64", copyToRoot: hello });
export const upper = buildImage({ name: "onTopOfX", copyToRoot: bash });
`;

describeWithTools(DOCKER_TOOLS, "dockerTools B: metadata, tags, compression", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({ "b/image.ts": definition(DEFINITION) });
  });
  afterAll(() => on?.stop());

  const inspect = (reference: string, format: string): string =>
    on.docker.docker(["image", "inspect", "--format", format, reference]).stdout.trim();

  test("DT-06, DT-07, DT-08: created is one second after the epoch; the image runs by its name alone, under the tag given", async () => {
    expect(await on.load("//b:single")).toBe("bash:latest");
    expect(inspect("bash", "{{.Created}}")).toBe("1970-01-01T00:00:01Z");
    expect(on.run("bash", "sh", "-c", "exit 7").status).toBe(7);
  });

  test.each(["untagged", "layered", "streamed"])(
    "DT-09, DT-10, DT-11, DT-12: the tag of %s is known before it is built",
    async (name) => {
      const tag = (await on.imgbuild("tag", `//b:${name}`)).stdout.trim();
      const { stdout } = await on.imgbuild("load", `//b:${name}`);
      expect(stdout).toContain(`  ${name}:${tag}  `);
      expect(on.docker.docker(["rmi", `${name}:${tag}`]).status).toBe(0);
    },
  );

  test.each(["singleZstd", "singleNone", "layeredZstd", "layeredNone"])(
    "DT-13, DT-14, DT-15, DT-16: an archive of %s, compressed as it says, loads",
    async (name) => {
      const file = join(on.rig.outside, `${name}.archive`);
      const { events } = await on.imgbuild("build", `//b:${name}`, "-o", file, "--json");
      const reference = String(events.find((event) => event.type === "target.done")?.reference);
      // Docker 20.10 reads gzip and plain archives itself; zstd is for newer ones, and for zstd | docker load.
      if (name.endsWith("None")) expect(on.docker.docker(["load", "--input", file]).status).toBe(0);
      else await on.load(`//b:${name}`);
      expect(inspect(reference, "{{.Os}}")).toBe("linux");
      expect(on.docker.docker(["rmi", reference]).status).toBe(0);
    },
  );

  test.each(["nowSingle", "nowLayered"])("DT-25, DT-26: created now is now (%s)", async (name) => {
    const before = Date.now();
    const created = Date.parse(inspect(await on.load(`//b:${name}`), "{{.Created}}"));
    expect(created).toBeGreaterThan(before - 60_000);
    expect(created).toBeLessThanOrEqual(Date.now());
  });

  test("SOURCE_DATE_EPOCH decides created where now or nothing is written, and no layer", async () => {
    const env = { SOURCE_DATE_EPOCH: "1700000000" };
    const { code, stdout } = await on.rig.run(["inspect", "//b:nowSingle", "//b:single"], { env });
    expect(code).toBe(0);
    expect(stdout.match(/created +\S+/g)).toEqual(Array(2).fill("created     2023-11-14T22:13:20Z"));
    const layersOf = (text: string) => text.match(/sha256:\w+ {2,}[\d.]+ [MkG]?B/g);
    const plain = (await on.imgbuild("inspect", "//b:nowSingle", "//b:single")).stdout;
    expect(layersOf(stdout)).toEqual(layersOf(plain));
    const wrong = await on.rig.run(["build", "//b:single"], { env: { SOURCE_DATE_EPOCH: "yesterday" } });
    expect(wrong.stderr).toContain('created cannot be taken from SOURCE_DATE_EPOCH, which is the string "yesterday"');
  });

  test.each(["prefixed", "prefixedLayered"])(
    "DT-44, DT-45: %s keeps its registry in the name, and the file its own",
    async (name) => {
      const reference = await on.load(`//b:${name}`);
      expect(reference).toMatch(/^registry\.example\.com\/\w+:/);
      expect(on.run(reference, "true").status).toBe(0);
      expect(readdirSync(on.rig.outside).some((file) => file.includes("registry"))).toBe(false);
    },
  );

  test("DT-56: the architecture is the one that is set, on any machine", async () => {
    const { config } = await on.saved("//b:arm");
    expect(config.architecture).toBe("arm64");
    await on.imgbuild("load", "//b:arm");
    const tag = (await on.imgbuild("tag", "//b:arm")).stdout.trim();
    expect(inspect(`arm:${tag}`, "{{.Architecture}}")).toBe("arm64");
  });

  test("a name with capitals is lower case in references", async () => {
    expect(await on.load("//b:upper")).toMatch(/^ontopofx:/);
  });
});

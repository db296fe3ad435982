import { join } from "node:path";
import { architectureFromNode } from "@imgbuild/oci";
import { describeWithTools } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const HERE = architectureFromNode(process.arch);
const OTHER = HERE === "arm64" ? "amd64" : "arm64";

const DEFINITION = `
const which = (architecture) => tree({ "/which": text(architecture + "\\n") });
const forOne = (architecture) => buildImage({ name: "app", architecture, copyToRoot: [bash, which(architecture)], config: { Cmd: ["/bin/cat", "/which"] } });
export const other = forOne("${OTHER}");
export const here = forOne("${HERE}");
export const index = imageIndex({ name: "app", tag: "all", images: [other, here] });
export const onIndex = buildImage({ name: "on-index", fromImage: index, architecture: "${HERE}", inheritConfig: "all" });
export const layeredOnOther = buildLayeredImage({ name: "layered-on-other", fromImage: index, architecture: "${OTHER}" });
`;

const ON_LAYOUT = `
export const here = buildImage({ name: "l-here", fromImage: "./layout", architecture: "${HERE}", inheritConfig: "all" });
export const other = buildImage({ name: "l-other", fromImage: "./layout", architecture: "${OTHER}" });
export const absent = buildImage({ name: "l-absent", fromImage: "./layout", architecture: "s390x" });
export const single = buildImage({ name: "l-single", fromImage: "./other.tar" });
export const wrong = buildImage({ name: "l-wrong", fromImage: "./other.tar", architecture: "${HERE}" });
`;

describeWithTools(DOCKER_TOOLS, "dockerTools I: other platforms", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({ "i/image.ts": definition(DEFINITION), "on/image.ts": definition(ON_LAYOUT) });
    await on.imgbuild("build", "//i:index", "-o", on.rig.path("on/layout"), "--format", "oci-layout");
    await on.imgbuild("build", "//i:other", "-o", on.rig.path("on/other.tar"));
  });
  afterAll(() => on?.stop());

  const architectureOf = async (label: string) => (await on.saved(label)).config.architecture;

  test("DT-42: an image for the other processor is made without running anything of it, and says what it is for", async () => {
    await on.imgbuild("load", "//i:other");
    const tag = (await on.imgbuild("tag", "//i:other")).stdout.trim();
    const { stdout } = on.docker.docker(["image", "inspect", "--format", "{{.Architecture}}", `app:${tag}`]);
    expect(stdout.trim()).toBe(OTHER);
  });

  test("DT-75, DT-76: the image of this processor runs, taken from an index of both by name", async () => {
    expect(on.run(await on.load("//i:onIndex")).stdout).toBe(`${HERE}\n`);
    await on.imgbuild("load", "//i:index");
    expect(on.docker.docker(["run", "--rm", "--network", "none", "app:all"]).stdout).toBe(`${HERE}\n`);
    expect(await architectureOf("//i:layeredOnOther")).toBe(OTHER);
  });

  test("of an index in a layout the architecture chooses, and one that it lacks is refused with what there is", async () => {
    expect(on.run(await on.load("//on:here")).stdout).toBe(`${HERE}\n`);
    const files = (await on.saved("//on:other")).layers.flat();
    expect(files.find(({ path }) => path === "which")?.content).toBe(`${OTHER}\n`);
    const said = await on.refusal("//on:absent");
    expect(said).toMatch(/linux\/s390x/);
    expect(said).toContain(`linux/${OTHER}`);
  });

  test("an image on an archive is for what the archive is for", async () => {
    expect(await architectureOf("//on:single")).toBe(OTHER);
    expect(await on.refusal("//on:wrong")).toContain(`linux/${OTHER}`);
  });

  test("podman runs its own image of the archive of an index", async () => {
    const file = join(on.rig.outside, "index.tar");
    await on.imgbuild("build", "//i:index", "-o", file, "--format", "oci-archive");
    const loaded = on.podman.podman(["pull", "--quiet", `oci-archive:${file}:all`]);
    expect(loaded).toMatchObject({ status: 0 });
    expect(on.podman.run([loaded.stdout.trim()])).toMatchObject({ stdout: `${HERE}\n` });
  });
});

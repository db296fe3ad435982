import { symlinkSync } from "node:fs";
import { describeWithTools } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const DEFINITION = `
const nix = path("./tool");
export const single = buildImage({ name: "single", copyToRoot: [bash, nix] });
export const layered = buildLayeredImage({ name: "layered", contents: [bash, nix] });
export const file = buildLayeredImage({ name: "file", contents: [bash, path("./data.txt")], config: { Cmd: ["/bin/cat", "/data.txt"] } });
export const used = buildLayeredImage({ name: "used", contents: [bash], extraCommands: "echo built by a program of this machine > made" });
`;

describeWithTools(DOCKER_TOOLS, "dockerTools C: integrity of what is packed", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({
      "c/image.ts": definition(DEFINITION),
      "c/tool/bin/nix": "tool\n",
      "c/data.txt": "some data\n",
    });
    symlinkSync("nix", on.rig.path("c/tool/bin/nix-daemon"));
  });
  afterAll(() => on?.stop());

  test.each(["single", "layered"])("DT-19, DT-20: a relative link of a package keeps its text (%s)", async (name) => {
    const reference = await on.load(`//c:${name}`);
    expect(on.run(reference, "readlink", "/bin/nix-daemon").stdout).toBe("nix\n");
  });

  test("DT-41: a unit may be one file, and layering alters nothing", async () => {
    expect(on.run(await on.load("//c:file")).stdout).toBe("some data\n");
  });

  test("DT-40: what a script only ran is not in the image", async () => {
    const { layers } = await on.saved("//c:used");
    const top = new Set(layers.flat().map(({ path }) => path.split("/")[0]));
    expect([...top].sort()).toEqual(["bin", "made"]);
    expect(on.run(await on.load("//c:used"), "cat", "/made").stdout).toContain("built by a program");
  });
});

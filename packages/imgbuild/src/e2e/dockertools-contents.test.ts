import { describeWithTools } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const DEFINITION = `
export const hi = streamLayeredImage({ name: "hello", tag: "latest", contents: [bash, hello], config: { Cmd: ["/bin/hello"] } });
`;

describeWithTools(DOCKER_TOOLS, "dockerTools A: package contents", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({ "a/image.ts": definition(DEFINITION) });
  });
  afterAll(() => on?.stop());

  test("DT-01: a streamed image loads, says hello and can be removed", async () => {
    const { stdoutBytes } = await on.imgbuild("stream", "//a:hi");
    expect(on.docker.docker(["load"], stdoutBytes).stdout).toBe("Loaded image: hello:latest\n");
    expect(on.docker.docker(["run", "--rm", "--network", "none", "hello:latest"]).stdout).toBe("Hello, world!\n");
    expect(on.docker.docker(["rmi", "hello:latest"]).status).toBe(0);
    expect(on.run(await on.load("//a:hi"))).toMatchObject({ status: 0, stdout: "Hello, world!\n" });
  });

  test("DT-02, DT-03, DT-04, DT-05: contents cannot be left out, and the refusal says what to do instead", async () => {
    on.rig.write(
      "b/image.ts",
      definition(`export default streamLayeredImage({ name: "b", contents: bash, includeStorePaths: false });`),
    );
    const said = await on.refusal("//b");
    expect(said).toContain("includeStorePaths is false, wanted true");
    expect(said).toContain("mount what the image should not hold as a volume");
  });
});

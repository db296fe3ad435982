import { describeWithTools } from "@imgbuild/testkit";
import { EXAMPLE_TOOLS, type ExampleRig, exampleRig } from "./example-rig.ts";

/** Packages come from the mirror that this machine's apt uses, as the lock of this repository names them. */
describeWithTools([...EXAMPLE_TOOLS, "apt-get"], "examples of Debian packages, in Docker", () => {
  let rig: ExampleRig;

  beforeAll(async () => {
    rig = await exampleRig();
  });
  afterAll(() => rig?.stop());

  const inside = (id: string, ...command: readonly string[]): string => {
    const { stdout, stderr } = rig.docker.docker(["exec", id, ...command]);
    return (stdout + stderr).trim();
  };
  const sizeOf = (reference: string): number =>
    Number(rig.docker.docker(["inspect", "--format", "{{.Size}}", reference]).stdout) / 1e6;

  test("redis answers PING, keeps its data in its volume, and is not root", async () => {
    const { reference } = await rig.load("//images/redis");
    expect(sizeOf(reference)).toBeLessThan(40);
    const { id, logs } = rig.start(reference, { flags: ["--read-only"] });
    for (let i = 0; i < 100 && !logs().includes("Ready to accept connections"); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(inside(id, "redis-cli", "ping")).toBe("PONG");
    expect(inside(id, "redis-cli", "set", "key", "value")).toBe("OK");
    expect(inside(id, "redis-cli", "save")).toBe("OK");
    const owner = rig.docker.docker(["exec", "--user", "0", id, "redis-cli", "--raw", "config", "get", "dir"]);
    expect(owner.stdout).toContain("/data");
    expect(rig.docker.docker(["inspect", "--format", "{{.Config.User}}", id]).stdout.trim()).toBe("999:999");
  });

  test("nginx serves the site as an ordinary user on a read-only root, and stops when it is told", async () => {
    const { reference } = await rig.load("//images/web");
    expect(sizeOf(reference)).toBeLessThan(30);
    const container = rig.start(reference, { flags: ["--read-only", "--tmpfs", "/tmp"] });
    expect(await container.ask({ path: "/" })).toMatchObject({ status: 200, body: expect.stringContaining("nginx") });
    expect(await container.ask({ path: "/health" })).toEqual({ status: 200, body: "ok\n" });
    expect(await container.ask({ path: "/nowhere" })).toMatchObject({ status: 404 });
    const { ms, exitCode } = container.stop();
    expect({ exitCode, quick: ms < 5_000 }).toEqual({ exitCode: 0, quick: true });
  });

  test("both are loaded again without a word to the mirror", async () => {
    const offline = { IMGBUILD_DEBIAN_MIRROR: "http://127.0.0.1:9/debian" };
    const { events, code } = await rig.imgbuild(
      ["build", "//images/redis", "//images/web", "--json", "--force"],
      undefined,
      offline,
    );
    expect({ code, failed: events.filter(({ type }) => type === "target.failed") }).toEqual({ code: 0, failed: [] });
  });

  test("the lock of this repository is up to date", async () => {
    const { code, stderr } = await rig.imgbuild(["lock", "--check"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

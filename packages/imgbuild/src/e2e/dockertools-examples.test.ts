import { readTarSync } from "@imgbuild/tar";
import { describeWithTools } from "@imgbuild/testkit";
import { type ExampleRig, exampleRig } from "./example-rig.ts";

describeWithTools(["dockerd", "docker", "unshare", "setpriv"], "the examples of the manual", () => {
  let on: ExampleRig;
  beforeAll(async () => {
    on = await exampleRig();
  });
  afterAll(() => on?.stop());

  const run = async (label: string, ...command: readonly string[]): Promise<string> => {
    const { reference } = await on.load(label);
    const { status, stdout, stderr } = on.docker.docker(["run", "--rm", "--network", "none", reference, ...command]);
    expect({ label, status, stderr: status === 0 ? "" : stderr }).toEqual({ label, status: 0, stderr: "" });
    return stdout;
  };
  const inspect = async (label: string, format: string) =>
    on.docker.docker(["image", "inspect", "--format", format, (await on.load(label)).reference]).stdout.trim();

  test.each<[string, string]>([
    ["//images/hello", 'console.log("Hello, world!");\n'],
    ["//images/hello:extraCommands", 'console.log("Hello, world!");\n'],
    ["//images/layered", 'console.log("in layers");\n'],
    ["//images/layered:streamed", 'console.log("in layers");\n'],
    ["//images/layered:onTop", 'console.log("and one more");\n'],
    ["//images/layered:single", 'console.log("replaced on top");\n'],
    ["//images/order", 'console.log("layer1");\n'],
  ])("%s runs", async (label, output) => {
    expect(await run(label)).toBe(output);
  });

  test("hello with runAsRoot and with extraCommands has one file system", async () => {
    const filesOf = async (label: string) => {
      const { code, stdoutBytes } = await on.imgbuild(["export", label]);
      expect(code).toBe(0);
      return [...readTarSync(stdoutBytes)].map(({ header, content }) => ({ header, bytes: content.length }));
    };
    const files = await filesOf("//images/hello");
    expect(files.map(({ header }) => header.path)).toEqual(["bin", "data", "bin/esbuild", "data/hello.js"]);
    expect(await filesOf("//images/hello:extraCommands")).toEqual(files);
  });

  test("of layered, only what is new is sent to Docker", async () => {
    expect(await on.load("//images/layered")).toMatchObject({ sent: 0 });
    const { sent, skipped } = await on.load("//images/layered:onTop");
    expect([sent, skipped]).toEqual([0, 3]);
    expect((await inspect("//images/layered:onTop", "{{len .RootFS.Layers}}")).trim()).toBe("3");
  });

  test("file N of order says layerN", async () => {
    for (const n of [1, 2, 3])
      expect(await run("//images/order", `/tmp/layer${n}.js`)).toBe(`console.log("layer${n}");\n`);
  });

  test.each(["//images/environment", "//images/environment:layered", "//images/environment:heir"])(
    "%s has the environment of its base with its own",
    async (label) => {
      expect(await run(label)).toMatch(/^\d+\.\d+\.\d+\n$/);
      const env = JSON.parse(await inspect(label, "{{json .Config.Env}}")) as string[];
      expect(env).toEqual(["FROM_PARENT=true", "LAST_LAYER=child", "FROM_CHILD=true"]);
      const isHeir = label.endsWith(":heir");
      expect(await inspect(label, "{{.Config.User}} {{json .Config.Labels}}")).toBe(
        isHeir ? '{"origin":"parent"}' : "null",
      );
    },
  );
});

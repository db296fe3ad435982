import { describeWithTools } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

/** The image of a build environment, put together from ordinary parts: what a definition writes instead of buildNixShellImage. */
const DEFINITION = `
const dev = ({ name, tools = [], env = {}, home = "/build", missingHome = false, command, run }) => {
  const user = "builder:x:1000:1000::" + home + ":/bin/sh";
  const users = imgbuild.fakeNss({ extraPasswdLines: [user], extraGroupLines: ["builder:x:1000:"] });
  const directories = tree(missingHome ? {} : { [home]: directory({ mode: 0o755 }) }, { uid: 1000, gid: 1000 });
  const shell = command === undefined ? run === undefined ? ["/bin/sh"] : ["/bin/sh", "-c", run] : ["/bin/sh", "-i", "-c", command];
  return buildLayeredImage({ name, contents: [bash, users, binSh({ shell: "/bin/busybox" }), imgbuild.usrBinEnv({ env: "/bin/busybox" }), directories, ...tools],
    config: { Cmd: shell, User: "1000:1000", WorkingDir: missingHome ? "/" : home, Env: ["PATH=/bin", "HOME=" + home, "TMPDIR=/tmp", ...Object.entries(env).map(([key, value]) => key + "=" + value)] } });
};
const compiler = tree({ "/bin/build": text("#!/bin/sh\\necho '#!/bin/sh' > hello; echo 'echo Hello, world!' >> hello; chmod +x hello\\n", { mode: 0o755 }) });
export const built = dev({ name: "dev-built", tools: [compiler], run: "build && ./hello" });
export const tool = dev({ name: "dev-tool", tools: [hello], run: "hello" });
export const asFile = dev({ name: "dev-file", tools: [tree({ "/build/.attr": text("the string") })], env: { attrPath: "/build/.attr" }, run: "cat $attrPath" });
export const interactive = dev({ name: "dev-interactive", command: "case $- in *i*) echo interactive;; *) echo not;; esac" });
export const plain = dev({ name: "dev-plain", run: "case $- in *i*) echo interactive;; *) echo not;; esac" });
export const homed = dev({ name: "dev-home", run: 'test "$HOME" = "$(grep ^builder: /etc/passwd | cut -d: -f6)" && echo x > $HOME/file && cat $HOME/file' });
export const homeless = dev({ name: "dev-homeless", home: "/homeless", missingHome: true, run: 'echo $HOME; test -e $HOME || echo missing' });
`;

/** What an interactive shell of busybox says first. */
const GREETING = /\n\nBusyBox .*\n.*list of built-in commands\.\n\n/;

describeWithTools(DOCKER_TOOLS, "dockerTools J: images of a build environment, from ordinary parts", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({ "j/image.ts": definition(DEFINITION) });
  });
  afterAll(() => on?.stop());

  test.each([
    ["DT-61, DT-69: builds and runs the result as user 1000", "built", "Hello, world!\n"],
    ["DT-63: has its tools on PATH", "tool", "Hello, world!\n"],
    ["DT-64: has a variable with the place of a file", "asFile", "the string"],
    ["DT-65: runs a command without terminal", "plain", "not\n"],
    ["DT-66: runs a command in an interactive shell", "interactive", "interactive\n"],
    ["DT-67: has a home that is the user's and can be written", "homed", "x\n"],
    ["DT-68: may have a home that does not exist", "homeless", "/homeless\nmissing\n"],
  ])("%s", async (_case, name, output) => {
    const { status, stdout } = on.run(await on.load(`//j:${name}`));
    expect([status, stdout.replace(GREETING, "")]).toEqual([0, output]);
  });

  test("DT-62: text of a hook is printed by a shell that reads it from its variable", async () => {
    const reference = await on.load("//j:built");
    const flags = ["--env", "ENV=/build/.rc", "--entrypoint", "/bin/sh"];
    const { stdout } = on.runWith(flags, reference, "-c", "echo 'echo hook' > $ENV; exec sh -i -c true");
    expect(stdout.replace(GREETING, "")).toBe("hook\n");
  });

  test("any other command has the environment too", async () => {
    expect(on.run(await on.load("//j:tool"), "/bin/sh", "-c", "hello; id -u; pwd").stdout).toBe(
      "Hello, world!\n1000\n/build\n",
    );
  });
});

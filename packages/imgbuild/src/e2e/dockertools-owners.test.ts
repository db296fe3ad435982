import { describeWithTools } from "@imgbuild/testkit";
import { DOCKER_TOOLS, type DockerToolsRig, definition, dockerToolsRig } from "./dockertools-rig.ts";

const DEFINITION = `
const users = fakeNss({ extraPasswdLines: ["somebody:x:999:999::/:/bin/sh", "user:x:1000:1000::/:/bin/sh"], extraGroupLines: ["somebody:x:999:", "user:x:1000:"] });
export const plain = buildImage({ name: "plain", tag: "1", copyToRoot: bash });
export const named = buildLayeredImage({ name: "named", contents: [bash, users, tree({ "/opt/unit/file": text("x") })] });
export const alice = buildLayeredImage({ name: "alice", tag: "1", contents: [bash], fakeRootCommands: "mkdir -p home/alice && chown 1000 home/alice && chmod 750 home/alice" });
export const merged = mergeImages([plain, alice]);
export const chroot = streamLayeredImage({ name: "chroot", contents: [bash], enableFakechroot: true,
  fakeRootCommands: "touch /testfile && chown 12345:12345 /testfile", config: { Cmd: ["stat", "-c", "%u:%g", "/testfile"] } });
export const owned = streamLayeredImage({ name: "owned", contents: [bash, users, tree({ "/opt/unit/file": text("x") })], uid: 1000, gid: 1000, uname: "user", gname: "user", config: { User: "1000" } });
export const modes = buildImage({ name: "modes", copyToRoot: [bash, tree({ "/srv": directory({ mode: 0o1777 }), "/tool": text("#!/bin/sh\\n", { mode: 0o4755 }) })] });
`;

describeWithTools(DOCKER_TOOLS, "dockerTools D: users, owners, modes", () => {
  let on: DockerToolsRig;
  beforeAll(async () => {
    on = await dockerToolsRig({ "d/image.ts": definition(DEFINITION) });
  });
  afterAll(() => on?.stop());

  const stat = (reference: string, path: string, user = "0"): string =>
    on.runWith(["--user", user], reference, "stat", "-c", "%u:%g %a", path).stdout.trim();

  test("DT-18: an ordinary user may enter the directories of units", async () => {
    const reference = await on.load("//d:named");
    expect(on.runWith(["--user", "somebody"], reference, "id", "-u").stdout).toBe("999\n");
    expect(stat(reference, "/opt", "somebody")).toBe("0:0 755");
    expect(stat(reference, "/opt/unit", "somebody")).toBe("0:0 755");
  });

  test("DT-46, DT-49: chown and chmod under fake root stay, also in merged images", async () => {
    expect(stat(await on.load("//d:alice"), "/home/alice")).toBe("1000:0 750");
    on.docker.docker(["rmi", "--force", "alice:1"]);
    await on.imgbuild("load", "//d:merged");
    expect(
      on.docker.docker(["run", "--rm", "--network", "none", "alice:1", "stat", "-c", "%u", "/home/alice"]).stdout,
    ).toBe("1000\n");
  });

  test("DT-70: owners given under fake chroot are exactly those", async () => {
    expect(on.run(await on.load("//d:chroot")).stdout).toBe("12345:12345\n");
  });

  test("DT-71: uid and gid own the files of units, and are the user that runs", async () => {
    const reference = await on.load("//d:owned");
    expect(on.run(reference, "id", "-un").stdout).toBe("user\n");
    expect(on.run(reference, "stat", "-c", "%u:%g", "/opt/unit/file").stdout).toBe("1000:1000\n");
    const { layers } = await on.saved("//d:owned");
    expect(
      layers.flat().every(({ uid, gid, uname, gname }) => `${uid}:${gid} ${uname}:${gname}` === "1000:1000 user:user"),
    ).toBe(true);
  });

  test("DT-73: the plain image runs", async () => {
    expect(on.run(await on.load("//d:plain"), "true").status).toBe(0);
  });

  test("modes with setuid and sticky bits arrive", async () => {
    const reference = await on.load("//d:modes");
    expect([stat(reference, "/srv"), stat(reference, "/tool")]).toEqual(["0:0 1777", "0:0 4755"]);
  });
});

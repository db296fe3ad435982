import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CliResult,
  type DockerRegistry,
  describeWithTools,
  findTool,
  savedImages,
  startDockerd,
  startDockerRegistry,
  type WorkspaceRig,
  workspaceRig,
} from "@imgbuild/testkit";
import { builtKinds, rootfsOf } from "./rootfs-of.ts";

const SOURCES = `import { buildImage, imageIndex, text, tree } from "imgbuild";
const make = (architecture: string, annotations = {}) => buildImage({
  name: "origin", architecture, copyToRoot: tree({ "/etc/arch": text(architecture) }),
  config: { Env: ["A=1"], Cmd: ["/bin/x"] }, annotations,
});
export const one = make("amd64");
export default imageIndex({ name: "origin", images: [one, make("arm64")] });
`;

describeWithTools(["docker-registry", "skopeo", "dockerd", "docker", "busybox"], "pullImage", () => {
  let registry: DockerRegistry;
  let rig: WorkspaceRig;
  let [index, image] = ["", ""];

  beforeAll(async () => {
    registry = await startDockerRegistry();
    rig = await workspaceRig({ files: { "origin/image.ts": SOURCES } });
    const push = async (label: string, name: string) => {
      const layout = join(rig.outside, name);
      const { code, stderr } = await rig.run(["build", label, "-o", layout, "--format", "oci-layout"]);
      if (code !== 0) throw new Error(stderr);
      return registry.push(layout, `team/${name}`);
    };
    index = await push("//origin", "many");
    image = await push("//origin:one", "one");
  });
  afterAll(async () => {
    await registry?.stop();
    await rig?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    registry.requireUser(undefined);
    registry.requests.length = 0;
  });

  /** A workspace of its own, with a base at `base` and an image on it at `app`. */
  async function workspace(options: Readonly<Record<string, unknown>>): Promise<WorkspaceRig> {
    const attributes = JSON.stringify({ imageName: `${registry.host}/team/many`, imageDigest: index, ...options });
    return workspaceRig({
      files: {
        "base/image.ts": `import { pullImage } from "imgbuild";\nexport default pullImage(${attributes});\n`,
        "app/image.ts": `import { buildImage, text, tree } from "imgbuild";
import base from "../base/image.ts";
export default buildImage({ name: "app", fromImage: base, copyToRoot: tree({ "/own": text("own") }) });
`,
      },
    });
  }

  const failed = async (on: WorkspaceRig, label = "//base"): Promise<Pick<CliResult, "code" | "stderr">> => {
    const { code, stderr } = await on.run(["build", label]);
    return { code, stderr };
  };

  test("gives the image of its platform out of an index, as it is, under its own name; the second build asks nobody", async () => {
    await using on = await workspace({ arch: "arm64", finalImageName: "mine", finalImageTag: "2.2.1" });
    const out = join(on.outside, "base.tar");
    const { code, lines } = await on.run(["build", "//base", "-o", out, "--compression", "none"]);
    expect([code, lines[0]?.split(/\s+/)[1]]).toEqual([0, "mine:2.2.1"]);
    const [saved] = savedImages(out);
    expect(saved?.config).toMatchObject({ architecture: "arm64", config: { Cmd: ["/bin/x"], Env: ["A=1"] } });
    expect(saved?.names).toEqual(["mine:2.2.1"]);
    registry.requests.length = 0;
    const again = await on.run(["build", "//base", "--json"]);
    expect([again.code, builtKinds(again), registry.requests]).toEqual([0, [], []]);
  });

  test("DT-21: pulled by digest and renamed, it is loaded and runs under its new name", async () => {
    const docker = await startDockerd();
    try {
      const busybox = readFileSync(findTool("busybox") ?? "/bin/busybox");
      rig.write("shell/busybox", busybox);
      rig.chmod("shell/busybox", 0o755);
      rig.write(
        "shell/image.ts",
        `import { buildImage, tree } from "imgbuild";
export default buildImage({ name: "shell", copyToRoot: tree({ "/bin/busybox": "./busybox" }) });
`,
      );
      const layout = join(rig.outside, "shell");
      expect((await rig.run(["build", "//shell", "-o", layout, "--format", "oci-layout"])).code).toBe(0);
      const digest = registry.push(layout, "team/shell");
      const names = { finalImageName: "nix", finalImageTag: "2.2.1" };
      await using on = await workspace({ imageName: `${registry.host}/team/shell`, imageDigest: digest, ...names });
      expect((await on.run(["load", "//base"], { env: { DOCKER_HOST: docker.host } })).code).toBe(0);
      const ran = docker.docker(["run", "--rm", "--network", "none", "nix:2.2.1", "/bin/busybox", "echo", "runs"]);
      expect(ran).toMatchObject({ status: 0, stdout: "runs\n" });
      expect(docker.docker(["rmi", "nix:2.2.1"]).status).toBe(0);
    } finally {
      await docker.stop();
    }
  }, 120_000);

  test("is a base: its layers are used as they are, its Env is inherited", async () => {
    await using on = await workspace({ imageName: `${registry.host}/team/one`, imageDigest: image });
    expect((await rootfsOf(on)).listing.map((line) => line.split(" ")[2])).toEqual(["etc/", "etc/arch", "own"]);
    const { stdout } = await on.run(["inspect", "//app", "--json"]);
    expect(stdout).toContain("A=1");
    expect(stdout).not.toContain("/bin/x");
  });

  test("credentials of docker login, and of its helpers, get a token; without them one is told to log in", async () => {
    registry.requireUser({ name: "ann", password: "p:w" });
    await using on = await workspace({});
    const refused = await failed(on);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("the registry wants to know who asks");
    expect(refused.stderr).toContain(`docker login ${registry.host}`);
    const config = join(on.outside, "docker");
    mkdirSync(config);
    const auth = Buffer.from("ann:p:w").toString("base64");
    writeFileSync(join(config, "config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    const { code, stderr } = await on.run(["build", "//base", "-v"], { env: { DOCKER_CONFIG: config } });
    expect([code, `${stderr}`.includes("p:w") || stderr.includes(auth)]).toEqual([0, false]);

    await using other = await workspace({});
    const bin = join(other.outside, "bin");
    mkdirSync(bin);
    const helper = `#!/bin/sh\nread server\necho "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"ann\\",\\"Secret\\":\\"p:w\\"}"\n`;
    writeFileSync(join(bin, "docker-credential-tests"), helper, { mode: 0o755 });
    writeFileSync(join(config, "config.json"), JSON.stringify({ credHelpers: { [registry.host]: "tests" } }));
    const env = { DOCKER_CONFIG: config, PATH: `${bin}:${process.env.PATH}` };
    expect((await other.run(["build", "//base"], { env })).code).toBe(0);
    writeFileSync(join(config, "config.json"), "{ auths");
    await using third = await workspace({});
    expect(await third.run(["build", "//base"], { env })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("it is no JSON object"),
    });
  });

  test("DF-08: what is not there, not for the platform, or not what its digest says is refused, and nothing is kept", async () => {
    await using absent = await workspace({ imageDigest: `sha256:${"0".repeat(64)}` });
    expect(await failed(absent)).toMatchObject({ code: 1, stderr: expect.stringContaining("404") });
    await using foreign = await workspace({ arch: "s390x" });
    const { stderr } = await failed(foreign);
    expect(stderr).toContain("Cannot find an image for linux/s390x");
    expect(stderr).toContain("it has linux/amd64, linux/arm64");

    const layout = join(rig.outside, "bad");
    rig.write("bad/image.ts", SOURCES.replaceAll("origin", "bad").replace("/etc/arch", "/etc/bad"));
    await rig.run(["build", "//bad:one", "-o", layout, "--format", "oci-layout"]);
    const digest = registry.push(layout, "team/bad");
    await using good = await workspace({ imageName: `${registry.host}/team/bad`, imageDigest: digest });
    const out = join(good.outside, "x.json");
    await good.run(["build", "//base", "-o", out.replace(".json", ""), "--format", "oci-layout"]);
    const blobs = registry.requests.filter(({ path }) => path.includes("/blobs/")).map(({ path }) => path);
    for (const path of new Set(blobs)) registry.tamper(path.slice(path.lastIndexOf("/") + 1));
    await using bad = await workspace({ imageName: `${registry.host}/team/bad`, imageDigest: digest });
    const tampered = await failed(bad);
    expect(tampered.code).toBe(4);
    expect(tampered.stderr).toMatch(/wanted .*got /);
    registry.tamper(digest);
    await using worse = await workspace({ imageName: `${registry.host}/team/bad`, imageDigest: digest });
    const changed = await failed(worse);
    expect(changed).toMatchObject({ code: 4, stderr: expect.stringMatching(/wanted sha256:\w+, got sha256:\w+/) });
  });

  test.each([
    [{ imageDigest: "latest" }, 'imageDigest is the string "latest", wanted "sha256:" and 64 hex digits'],
    [{ imageName: "a:1" }, "imageName"],
    [{ sha256: "x" }, "sha256 is the hash of an archive"],
    [{ arch: "x86_64" }, "arch"],
    [{ tag: "x" }, "tag"],
  ])("%j is refused in the definition", async (options, words) => {
    await using on = await workspace(options);
    expect(await failed(on)).toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
  });

  test("a registry that cannot be reached is a temporary failure", async () => {
    await using on = await workspace({ imageName: "127.0.0.1:9/team/many" });
    expect(await failed(on)).toMatchObject({ code: 75, stderr: expect.stringContaining("127.0.0.1:9") });
  });
});

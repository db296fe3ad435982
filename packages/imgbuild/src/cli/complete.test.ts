import { type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";

const IMAGE =
  'import { buildImage, text, tree } from "imgbuild";\nconst a = buildImage({ name: "a", copyToRoot: tree({ "/f": text("x") }) });\n';

async function completions(rig: WorkspaceRig, line: string): Promise<readonly string[]> {
  const { code, lines, stderr } = await rig.run(["__complete", line]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return lines;
}

describe("in a workspace of three targets", () => {
  let rig: WorkspaceRig;
  beforeAll(async () => {
    rig = await workspaceRig({
      files: {
        "images/api/image.ts": `${IMAGE}export default a;\nexport const debug = buildImage({ name: "d", fromImage: a });\n`,
        "images/web/image.ts": `${IMAGE}export default a;\n`,
      },
    });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  test.each([
    ["imgbuild bu", ["build"]],
    ["imgbuild c", ["cache", "completion"]],
    ["imgbuild -C images ru", ["run"]],
    ["imgbuild build --for", ["--force", "--format"]],
    ["imgbuild build --no", ["--no-cache"]],
    ["imgbuild build --format oci", ["oci-archive", "oci-layout"]],
    ["imgbuild build -o ", []],
    ["imgbuild cache ", ["gc", "stats", "verify"]],
    ["imgbuild completion b", ["bash"]],
    ["imgbuild build //im", ["//images/api", "//images/api:debug", "//images/web"]],
    ["imgbuild build //images/api -//images/w", ["-//images/web"]],
  ])("%s", async (line, expected) => {
    expect(await completions(rig, line)).toEqual(expected);
  });
});

test("definitions that cannot be evaluated are still offered", async () => {
  await using rig = await workspaceRig({
    files: { "ok/image.ts": `${IMAGE}export default a;`, "torn/image.ts": "export default {" },
  });
  expect(await completions(rig, "imgbuild build ")).toEqual(["//ok", "//torn"]);
});

test("outside of a workspace there is nothing to offer, and no error", async () => {
  await using rig = await workspaceRig({ files: {} });
  expect((await rig.run(["__complete", "imgbuild build "], { cwd: "/" })).code).toBe(0);
});

test.each(["bash", "zsh"])("the script for %s is what the shell accepts", async (shell) => {
  await using rig = await workspaceRig({ files: {} });
  const { code, stdout } = await rig.run(["completion", shell]);
  expect(code).toBe(0);
  expect(stdout).toContain("imgbuild __complete");
  expect((await rig.run(["completion", "fish"])).stderr).toContain('Cannot complete in "fish": wanted bash or zsh');
});

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describeWithTools, type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";
import { rootfsOf } from "./rootfs-of.ts";

const SECRET = "s3cr3t/+value with spaces";

function image(command: string, secrets = '["TOKEN"]'): string {
  return `import { buildImage, runCommand, tree } from "imgbuild";
const made = runCommand({ command: ${JSON.stringify(command)}, outputs: "out", secrets: ${secrets} });
export default buildImage({ name: "x", copyToRoot: tree({ "/out": made }) });
`;
}

const workspace = (command: string, secrets?: string): Promise<WorkspaceRig> =>
  workspaceRig({ files: { "app/image.ts": image(command, secrets) }, env: { TOKEN: SECRET } });

/** Whether any file below a directory holds the secret. */
function isKept(directory: string): boolean {
  return spawnSync("grep", ["-rqF", SECRET, directory]).status === 0;
}

describeWithTools(["unshare", "tar"], "secrets of runCommand", () => {
  test("are a file, and a variable where the definition says so; they leave no trace", async () => {
    const command = `mkdir out; wc -c < /run/secrets/TOKEN > out/file; printf %s "$TOKEN" | wc -c >> out/file
      printf '%s' "$TOKEN" | sha256sum > out/sum; cat /run/secrets/TOKEN; env`;
    await using rig = await workspace(command, '[{ name: "TOKEN", env: true }]');
    const tag = (await rig.run(["tag", "//app"])).stdout;
    const result = await rig.run(["build", "//app", "-v", "--report", join(rig.outside, "report.json")]);
    expect(result.code).toBe(0);
    expect(result.stdout + result.stderr).not.toContain("s3cr3t");
    const { content } = await rootfsOf(rig);
    expect(content("out/file").split(/\s+/).slice(0, 2)).toEqual([String(SECRET.length), String(SECRET.length)]);
    expect(isKept(rig.cacheDir) || isKept(rig.outside)).toBe(false);
    // Another value is no other build, and none at all is needed for what is there.
    const other = await rig.run(["build", "//app", "--json"], { env: { TOKEN: "" } });
    expect(other.code).toBe(0);
    expect((await rig.run(["tag", "//app"], { env: { TOKEN: "another" } })).stdout).toBe(tag);
  });

  test("are no variable unless asked for, and are not in the arguments of any process", async () => {
    const command = `echo "[$TOKEN]" > out; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ >> out 2>/dev/null || :`;
    await using rig = await workspace(command);
    const { content } = await rootfsOf(rig);
    expect(content("out")).toMatch(/^\[\]\n/);
    expect(content("out")).not.toContain("s3cr3t");
  });

  test("are variables of a script in another language too", async () => {
    const command = "#!/usr/bin/env node\nrequire('fs').writeFileSync('out', String(process.env.TOKEN.length));";
    await using rig = await workspace(command, '[{ name: "TOKEN", env: true }]');
    expect((await rootfsOf(rig)).content("out")).toBe(String(SECRET.length));
  });

  test("come from a file too, whose last line break does not count", async () => {
    await using rig = await workspaceRig({ files: { "app/image.ts": image("wc -c < /run/secrets/TOKEN > out") } });
    rig.write("token.txt", `${SECRET}\n`);
    const env = { TOKEN_FILE: rig.path("token.txt") };
    const result = await rig.run(["build", "//app"], { env });
    expect(result.code).toBe(0);
    expect((await rootfsOf(rig)).content("out").trim()).toBe(String(SECRET.length));
  });

  test.each([
    ["as it is", "cat /run/secrets/TOKEN > out"],
    [
      "in the middle of much else",
      "head -c 5000000 /dev/zero > out; cat /run/secrets/TOKEN >> out; head -c 99 /dev/zero >> out",
    ],
    ["in base64", 'printf "user:%s" "$(cat /run/secrets/TOKEN)" | base64 -w0 > out'],
    ["in hex", "od -An -v -tx1 /run/secrets/TOKEN | tr -d ' \\n' > out"],
    ["as the target of a link", 'mkdir out; ln -s "$(cat /run/secrets/TOKEN)" out/l'],
    ["in a name", 'mkdir -p "out/$(cat /run/secrets/TOKEN)"'],
  ])("are refused in outputs: %s", async (_, command) => {
    await using rig = await workspace(command);
    const result = await rig.run(["build", "//app"]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('holds the secret "TOKEN"');
    expect(result.stderr).not.toContain("s3cr3t");
    expect(isKept(rig.cacheDir)).toBe(false);
  });

  test("are hidden in the words of a command that fails, and gone from a kept sandbox", async () => {
    await using rig = await workspace(
      'echo "token=$(cat /run/secrets/TOKEN)"; cat /run/secrets/TOKEN | base64 -w0; exit 3',
    );
    for (const flags of [[], ["--json"], ["--keep-failed"]]) {
      const result = await rig.run(["build", "//app", ...flags]);
      expect(result.code).toBe(1);
      expect(result.stdout + result.stderr).not.toMatch(/s3cr3t|czNjcjN0/);
      expect(result.stdout + result.stderr).toContain("token=***");
      expect(isKept(rig.cacheDir)).toBe(false);
    }
  });

  test.each([
    ["is missing", {}, 'there is no secret "TOKEN"', 2],
    ["is too short to guard", { TOKEN: "abc" }, "fewer than 4 characters", 2],
    ["is in a file that is not there", { TOKEN_FILE: "/nowhere" }, 'from "/nowhere"', 2],
  ])("a secret that %s is a clear error", async (_, env, message, code) => {
    await using rig = await workspaceRig({ files: { "app/image.ts": image("echo x > out") } });
    const result = await rig.run(["build", "//app"], { env });
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
  });

  test.each([
    ['"TOKEN"', "wanted a list of names"],
    ['["to-ken"]', "no name of a variable"],
    ['["A", "A"]', 'names "A" a second time'],
    ['[{ nam: "A" }]', "nam is no attribute"],
  ])("secrets: %s is a definition error", async (secrets, message) => {
    await using rig = await workspace("true", secrets);
    const result = await rig.run(["build", "//app"]);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(message);
  });
});

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CliResult, describeWithTools } from "@imgbuild/testkit";
import { rootImage, SCRIPT_TOOLS, type ScriptRig, scriptRig } from "./script-rig.ts";

describeWithTools([...SCRIPT_TOOLS, "script"], "scripts: looking inside", () => {
  let on: ScriptRig;
  beforeAll(async () => {
    on = await scriptRig();
  });
  afterAll(() => on?.rig[Symbol.asyncDispose]());

  const sandboxes = (): string[] => {
    const directory = join(on.rig.cacheDir, "v1/sandbox");
    return existsSync(directory) ? readdirSync(directory) : [];
  };

  /** Types lines into `imgbuild shell` at a terminal. */
  const shell = (name: string, ...lines: readonly string[]): Promise<CliResult> =>
    on.rig.run(["shell", `//a:${name}`], {
      wrap: ["sh", "-c", 'exec script -qec "$*" /dev/null', "sh"],
      input: Buffer.from(lines.map((line) => `${line}\n`).join("")),
    });

  test("a failed script shows its last lines, its exit code, its place, and how to look inside", async () => {
    on.define(rootImage("x", "for i in $(seq 100); do echo line $i; done; echo oops >&2; exit 7"));
    const said = await on.failure("x");
    expect(said).toContain(
      "error[script-failed]: Cannot finish the script runAsRoot: exit code 7; the last it printed:",
    );
    expect(said).toContain("| line 100\n  | oops\n");
    expect(said).not.toContain("| line 70\n");
    expect(said).toMatch(/at a\/image\.ts:\d+:\d+/);
    expect(said).toContain("run the command again with --keep-failed, then `imgbuild shell //a:x`");
    expect(sandboxes()).toEqual([]);
  });

  test("what failed under --keep-failed is entered at a terminal, as it was left, until the target is built", async () => {
    on.define(rootImage("x", "echo half > /made; rm /etc/a; exit 3"));
    expect(await on.failure("x", "--keep-failed")).toContain(
      "Look inside with `imgbuild shell //a:x`; the sandbox is kept in",
    );
    // The next failure takes its place.
    await on.failure("x", "--keep-failed");
    expect(sandboxes()).toHaveLength(1);
    // Also when the definition has changed since.
    on.define(rootImage("x", "echo whole > /made"));
    const first = await shell(
      "x",
      "cat /made; id -u; test -e /etc/a || echo gone; wc -l < /proc/net/route; echo more > /mine",
      "exit 5",
    );
    expect(first.code).toBe(5);
    expect(first.stdout).toMatch(/imgbuild:\/# /);
    expect(first.stdout.replaceAll("\r", "")).toContain("half\n0\ngone\n1\n");
    expect((await shell("x", "cat /mine", "exit")).stdout).toContain("more");
    expect((await on.build("x")).code).toBe(0);
    expect(sandboxes()).toEqual([]);
  });

  test("a target that did not fail is entered as its image is; what is changed there is thrown away", async () => {
    on.define(
      `export const x = buildImage({ name: "x", fromImage: base, runAsRoot: "echo whole > /made", config: { WorkingDir: "/dir", Env: ["COLOR=blue"] } });`,
    );
    const { code, stdout } = await shell("x", "cat /made; pwd; echo $COLOR; rm /made; ls", "exit 6");
    expect(code).toBe(6);
    expect(stdout.replaceAll("\r", "")).toContain("whole\n/dir\nblue\n");
    expect((await shell("x", "cat /made", "exit")).stdout).toContain("whole");
    expect(sandboxes()).toEqual([]);
  });

  test.each([
    ["two targets", ["//a:x", "//a:base"], "wanted one"],
    ["--json", ["//a:x", "--json"], "--json"],
  ])("%s cannot be entered", async (_, args, said) => {
    const { code, stdout, stderr } = await on.rig.run(["shell", ...args]);
    expect(code).toBe(2);
    expect(`${stdout}${stderr}`).toContain(said);
  });

  test("cache gc removes sandboxes that were kept, and unpacked layers that are old", async () => {
    on.define(rootImage("x", "echo now; exit 3"));
    await on.failure("x", "--keep-failed");
    const unpacked = () => readdirSync(join(on.rig.cacheDir, "v1/unpacked/root")).filter((name) => !name.includes("."));
    expect([sandboxes().length, unpacked().length > 0]).toEqual([1, true]);
    const dry = await on.rig.run(["cache", "gc", "--dry-run"]);
    expect(dry.stdout).toContain("1 sandbox");
    expect(sandboxes()).toHaveLength(1);
    const { stdout } = await on.rig.run(["cache", "gc"]);
    expect([stdout.includes("1 sandbox"), sandboxes(), unpacked().length > 0]).toEqual([true, [], true]);
    await on.rig.run(["cache", "gc", "--max-age", "0"]);
    expect(unpacked()).toEqual([]);
  });
});

describeWithTools(SCRIPT_TOOLS, "scripts: layers that are unpacked for them", () => {
  let on: ScriptRig;
  beforeAll(async () => {
    on = await scriptRig(`${rootImage("x", "cat /etc/a /dir/x > /x")}${rootImage("y", "cat /etc/a /dir/x > /y")}`);
  });
  afterAll(() => on?.rig[Symbol.asyncDispose]());

  const parent = () => join(on.rig.cacheDir, "v1/unpacked/root");
  const layers = () => readdirSync(parent()).filter((name) => !name.includes("."));
  const changed = () => execFileSync("find", [parent(), "-printf", "%p %i %C@ %s\n"], { encoding: "utf8" });
  const again = (name: string) => on.rig.run(["build", `//a:${name}`, "--force"]);

  test("two processes at once unpack each layer once, and what follows finds it", async () => {
    const both = await Promise.all(["x", "y"].map((name) => on.build(name)));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(layers()).toHaveLength(1);
    const before = changed().replace(/.*\.used .*\n/g, "");
    expect((await again("x")).code).toBe(0);
    expect(changed().replace(/.*\.used .*\n/g, "")).toBe(before);
  });

  test.each([
    ["a file that is missing", (layer: string) => rmSync(join(layer, "dir/x"))],
    ["a file that was written to", (layer: string) => writeFileSync(join(layer, "etc/a"), "b\n")],
    ["a file too much", (layer: string) => writeFileSync(join(layer, "dir/more"), "")],
    [
      "a copy, as of a restored cache",
      (layer: string) => {
        execFileSync("cp", ["-r", layer, `${layer}.copy`]);
        rmSync(layer, { recursive: true });
        renameSync(`${layer}.copy`, layer);
      },
    ],
    [
      "an unpacking that was interrupted",
      (layer: string) => {
        renameSync(layer, `${layer}.part`);
        rmSync(join(`${layer}.part`, "dir"), { recursive: true });
      },
    ],
  ])("%s is healed", async (_, damage) => {
    const right = (await on.members("x")).find(({ path }) => path === "x")?.content;
    expect(right).toBe("a\nx");
    damage(join(parent(), layers()[0] ?? ""));
    const { code, stdout } = await again("x");
    expect([code, (await on.members("x")).find(({ path }) => path === "x")?.content]).toEqual([0, right]);
    expect(stdout).toContain("sha256:");
    expect(readdirSync(parent()).filter((name) => /\.(part|old|gone)$/.test(name))).toEqual([]);
  });
});

import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  canBeOrdinaryUser,
  describeWithTools,
  ordinaryUser,
  startFaultServer,
  tarOf,
  type WorkspaceRig,
  workspaceRig,
} from "@imgbuild/testkit";
import { builtKinds, rootfsOf } from "./rootfs-of.ts";

const IMPORTS = 'import { buildImage, directory, link, path, runCommand, text, tree } from "imgbuild";\n';

/** Sandboxes that are in the cache. */
function sandboxes(rig: WorkspaceRig): string[] {
  const directory = join(rig.cacheDir, "v1/sandbox");
  return existsSync(directory) ? readdirSync(directory) : [];
}

describeWithTools(["unshare", "tar", "busybox"], "the root file system of runCommand", () => {
  const busybox =
    'tree({ "/bin/busybox": path("./busybox"), "/bin/sh": link("busybox"), "/etc/os": text("mine\\n"), "/work/old": text("old") })';
  const script = `"busybox id -u > out; busybox cat /etc/os old >> out; busybox ls / | busybox tr '\\n' ' ' >> out"`;

  async function workspace(root: string): Promise<WorkspaceRig> {
    const definition = `${IMPORTS}
const base = buildImage({ name: "base", copyToRoot: ${busybox} });
const made = runCommand({ command: ${script}, root: ${root}, workingDirectory: "/work", outputs: "out" });
export default buildImage({ name: "x", copyToRoot: tree({ "/out": made }) });
`;
    const rig = await workspaceRig({ files: { "app/image.ts": definition } });
    rig.write("app/busybox", readFileSync("/bin/busybox"));
    rig.chmod("app/busybox", 0o755);
    return rig;
  }

  test.each([
    ["a source", busybox],
    ["an image", "base"],
  ])("%s takes the place of this machine's", async (_, root) => {
    await using rig = await workspace(root);
    const lines = (await rootfsOf(rig)).content("out").split("\n");
    expect(lines.slice(0, 2)).toEqual(["1000", "mine"]);
    expect(
      lines[2]
        ?.replace(/^old/, "")
        .trim()
        .split(" ")
        .filter((name) => !["root", "run"].includes(name)),
    ).toEqual(["bin", "dev", "etc", "proc", "tmp", "work"]);
  });

  test.each([
    ["busybox", "127.0.0.1 localhost\n"],
    ["one that names hosts", "192.0.2.1 mine\n"],
  ])("knows localhost, unless it says itself what hosts there are: %s", async (_, hosts) => {
    const named = hosts.includes("mine")
      ? busybox.replace("{", `{ "/etc/hosts": text(${JSON.stringify(hosts)}),`)
      : busybox;
    await using rig = await workspace(named);
    rig.write(
      "app/image.ts",
      readFileSync(join(rig.root, "app/image.ts"), "utf8").replace(script, '"busybox cat /etc/hosts > out"'),
    );
    expect((await rootfsOf(rig)).content("out")).toBe(hosts);
  });

  test("is part of the key, by its files: the programs of this machine are not", async () => {
    await using rig = await workspace(busybox);
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual(["image", "layer", "runCommand"]);
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual([]);
    rig.write("app/image.ts", readFileSync(rig.path("app/image.ts"), "utf8").replaceAll("mine", "yours"));
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual(["image", "layer", "runCommand"]);
  });
});

/** A tar of many small files below `modules`. */
function manyFiles(): Buffer {
  const names = Array.from({ length: 400 }, (_, i) => `modules/p${i % 20}/f${i}`);
  return tarOf(Object.fromEntries(names.map((name) => [name, name])));
}

const MANY_DEFINITION = `import { buildImage, runCommand, tree, unpack } from "imgbuild";
const run = (name) => runCommand({
  inputs: { "deps": unpack("./many.tar"), "own": "./own" }, outputs: "out", env: { NAME: name },
  command: \`find deps -type f | wc -l > out; cat deps/modules/p1/f1 own >> out; ls deps/modules/p1 | grep -c x >> out || :
    echo $NAME > deps/modules/p1/x; mkdir deps/modules/new; ! rm -f deps/modules/p1/f1 2>/dev/null; cat deps/modules/p1/x >> out\`,
});
export default buildImage({ name: "x", copyToRoot: tree({ "/a": run("a"), "/b": run("b") }) });
`;

describeWithTools(["unshare", "tar"], "many inputs that stay as they are", () => {
  test("are unpacked once, and what a command writes among them is its own", async () => {
    const files = { "app/image.ts": MANY_DEFINITION, "app/many.tar": manyFiles(), "app/own": "1\n" };
    await using rig = await workspaceRig({ files });
    const { content } = await rootfsOf(rig);
    expect([content("a"), content("b")]).toEqual(["400\nmodules/p1/f11\n0\na\n", "400\nmodules/p1/f11\n0\nb\n"]);
    const unpacked = () =>
      readdirSync(join(rig.cacheDir, "v1/unpacked/root")).filter((name) => /^inputs-\w+$/.test(name));
    expect(unpacked()).toHaveLength(1);
    rig.write("app/own", "2\n");
    expect((await rootfsOf(rig)).content("a")).toBe("400\nmodules/p1/f12\n0\na\n");
    expect(unpacked()).toHaveLength(1);
  });

  test("are placed one by one where the cache is no ground for an overlay", async () => {
    if (process.getuid?.() !== 0) return;
    const files = { "app/image.ts": MANY_DEFINITION, "app/many.tar": manyFiles(), "app/own": "1\n" };
    await using rig = await workspaceRig({ files });
    const first = (await rig.run(["build", "//app"])).stdout;
    const [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map((name) => join(rig.outside, name));
    for (const path of [lower, upper, work, merged]) mkdirSync(path ?? "");
    const mount = `mount -t overlay overlay -o lowerdir=${lower},upperdir=${upper},workdir=${work} ${merged} && exec "$@"`;
    const wrap = ["unshare", "--mount", "sh", "-c", mount, "sh"];
    const result = await rig.run(["build", "//app", "--cache-dir", `${merged}/cache`], { wrap });
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code: 0, stdout: first });
  });

  test.each([true, false])("for an ordinary user, with subordinate ids: %s", async (subordinateIds) => {
    if (!canBeOrdinaryUser()) return;
    const user = ordinaryUser({ subordinateIds });
    try {
      const definition = subordinateIds ? MANY_DEFINITION : MANY_DEFINITION.replace("! rm", "rm");
      const files = { "app/image.ts": definition, "app/many.tar": manyFiles(), "app/own": "1\n" };
      await using rig = await workspaceRig({ files });
      rig.giveTo(user.uid);
      const result = await rig.run(["build", "//app"], { wrap: user.wrap });
      expect({ code: result.code, stderr: result.code === 0 ? "" : result.stderr }).toEqual({ code: 0, stderr: "" });
      expect(sandboxes(rig)).toEqual([]);
    } finally {
      user.remove();
    }
  });
});

describeWithTools(["unshare", "tar"], "a run of runCommand", () => {
  const definition = (command: string, more = "") => `${IMPORTS}
export default buildImage({ name: "x", copyToRoot: tree({ "/out": runCommand({ command: ${JSON.stringify(command)}, outputs: "out"${more} }) }) });
`;

  test("without network by default; with it on request, and then with a warning", async () => {
    const server = await startFaultServer({ "/x": "hello" });
    try {
      const fetched = `node -e 'fetch("${server.url}/x").then((r) => r.text()).then((t) => require("fs").writeFileSync("out", t))'`;
      await using rig = await workspaceRig({ files: { "app/image.ts": definition(fetched) } });
      expect((await rig.run(["build", "//app"])).code).toBe(1);
      expect(server.requests).toHaveLength(0);
      rig.write("app/image.ts", definition(fetched, ", network: true"));
      const result = await rig.run(["build", "//app"]);
      expect(result.code).toBe(0);
      expect(result.stderr).toContain("uses the network");
      expect((await rootfsOf(rig)).content("out")).toBe("hello");
    } finally {
      await server.close();
    }
  });

  test("finds localhost, and itself there, though it has no network", async () => {
    const script = `require("http").createServer((_, r) => r.end("me")).listen(0, "localhost", async function () {
      require("fs").writeFileSync("out", await (await fetch("http://localhost:" + this.address().port)).text()); process.exit() })`;
    await using rig = await workspaceRig({ files: { "app/image.ts": definition(`node -e '${script}'`) } });
    expect((await rootfsOf(rig)).content("out")).toBe("me");
  });

  test("that never ends is ended by its timeout; nothing of it stays", async () => {
    await using rig = await workspaceRig({
      files: { "app/image.ts": definition("sleep 1000 & sleep 1000", ", timeout: 1") },
    });
    const result = await rig.run(["build", "//app"]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("did not end within 1 seconds");
    expect(sandboxes(rig)).toEqual([]);
  });

  test("that is cancelled leaves nothing, and the next builds as if it had not been", async () => {
    await using rig = await workspaceRig({
      files: { "app/image.ts": definition("echo begun; sleep 100; echo x > out") },
    });
    const run = rig.spawn(["build", "//app", "--json"]);
    await run.printed("begun");
    run.kill("SIGINT");
    expect((await run.ended).code).toBe(130);
    expect(sandboxes(rig)).toEqual([]);
    rig.write("app/image.ts", definition("echo x > out"));
    expect((await rig.run(["build", "//app"])).code).toBe(0);
  });

  test("that fails says its last words, its exit code and how to look inside; --keep-failed lets one look", async () => {
    await using rig = await workspaceRig({
      files: { "app/image.ts": definition("echo one > made; echo why >&2; exit 7") },
    });
    const result = await rig.run(["build", "//app", "--keep-failed"]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("exit code 7; the last it printed:");
    expect(result.stderr).toContain("| why");
    expect(result.stderr).toContain("imgbuild shell");
    const shell = await rig.run(["shell", "//app"], { input: Buffer.from("pwd; cat made\n") });
    expect(shell.stdout).toContain("/work/app\none\n");
  });

  test("runs beside others under -j", async () => {
    const one = (name: string) =>
      `export const ${name} = buildImage({ name: "${name}", copyToRoot: tree({ "/o": runCommand({ command: "echo ${name}; sleep 3; echo ${name} > out", outputs: "out" }) }) });`;
    await using rig = await workspaceRig({ files: { "app/image.ts": IMPORTS + one("a") + one("b") } });
    const run = rig.spawn(["build", "//app:a", "//app:b", "-j", "2", "--json"]);
    const { events } = await run.ended;
    const starts = events.flatMap((event, i) =>
      event.type === "step.start" && event.kind === "runCommand" ? [i] : [],
    );
    const firstEnd = events.findIndex((event) => event.type === "step.end" && event.kind === "runCommand");
    expect(starts).toHaveLength(2);
    expect(starts.every((start) => start < firstEnd)).toBe(true);
  });

  test("gives the same from another path, under another umask, locale and time zone", async () => {
    const command =
      "mkdir out; date > out/date; ls -la --time-style=full-iso /work/app/in | tail -n +4 > out/ls; env | sort > out/env; umask > out/umask";
    await using rig = await workspaceRig({
      files: { "app/image.ts": definition(`${command}; rm out/date`, ', inputs: ["./in"]'), "app/in/a": "a" },
    });
    await using other = rig.copy();
    const digest = async (at: WorkspaceRig, options = {}) => {
      const result = await at.run(["build", "//app"], options);
      return result.code === 0 ? result.stdout : result.stderr;
    };
    const first = await digest(rig);
    expect(first).toContain("sha256:");
    const env = {
      TZ: "Asia/Tokyo",
      LC_ALL: "de_DE.UTF-8",
      LANG: "C",
      EXTRA: "1",
      PATH: `/opt/mine:${process.env.PATH}`,
    };
    expect(await digest(other, { env, umask: 0o077 })).toBe(first);
  });
});

(canBeOrdinaryUser() && existsSync("/bin/busybox") ? describe : describe.skip)("runCommand by an ordinary user", () => {
  test.each([true, false])("with subordinate ids: %s", async (subordinateIds) => {
    const user = ordinaryUser({ subordinateIds });
    try {
      const definition = `${IMPORTS}
const made = runCommand({ inputs: ["./src"], outputs: ["dist"], command: "mkdir -m 700 dist; cp src/a dist/a; chmod 600 dist/a" });
const root = tree({ "/bin/busybox": path("./busybox"), "/bin/sh": link("busybox") });
const again = runCommand({ inputs: [made], root, outputs: "o", secrets: ["TOKEN"], command:
  "busybox cp -r dist o; busybox wc -c < /run/secrets/TOKEN > o/n${subordinateIds ? "; ! echo x >> dist/a" : ""}" });
export default buildImage({ name: "x", copyToRoot: [made, tree({ "/again": again })] });
`;
      await using rig = await workspaceRig({ files: { "app/image.ts": definition, "app/src/a": "a" } });
      rig.write("app/busybox", readFileSync("/bin/busybox"));
      rig.chmod("app/busybox", 0o755);
      rig.giveTo(user.uid);
      const args = ["build", "//app", "-o", join(rig.outside, "x.tar"), "--format", "rootfs"];
      const result = await rig.run(args, { wrap: user.wrap, env: { TOKEN: "12345" } });
      expect({ code: result.code, stderr: result.code === 0 ? "" : result.stderr }).toEqual({ code: 0, stderr: "" });
      expect(sandboxes(rig)).toEqual([]);
    } finally {
      user.remove();
    }
  });
});

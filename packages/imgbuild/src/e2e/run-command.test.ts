import { describeWithTools, type WorkspaceRig, workspaceRig } from "@imgbuild/testkit";
import { builtKinds, rootfsOf } from "./rootfs-of.ts";

/** A definition whose default export is an image with a command's result at /out. */
function image(command: string, more = ""): string {
  return `import { buildImage, directory, json, link, path, runCommand, text, tree } from "imgbuild";
${more}
const made = runCommand(${command});
export default buildImage({ name: "x", copyToRoot: tree({ "/out": made }) });
`;
}

async function failure(rig: WorkspaceRig, label = "//app"): Promise<string> {
  const result = await rig.run(["build", label]);
  expect(result.code).not.toBe(0);
  return result.stderr;
}

describeWithTools(["unshare", "tar"], "runCommand", () => {
  test("keeps what the command made, with modes of a layer, owners of the image and links", async () => {
    const command = `{ inputs: ["./src"], outputs: "dist", command: \`
      umask 077; mkdir -p dist/deep
      sort src/list.txt > dist/sorted.txt; cp /bin/true dist/tool; chmod 6711 dist/tool
      ln dist/sorted.txt dist/same.txt; ln -s ../sorted.txt dist/deep/link; mkdir dist/empty\` }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(command), "app/src/list.txt": "b\na\n" } });
    expect((await rootfsOf(rig)).listing).toEqual([
      "drwxr-xr-x 0/0 out/",
      "drwxr-xr-x 0/0 out/deep/",
      "lrwxrwxrwx 0/0 out/deep/link -> ../sorted.txt",
      "drwxr-xr-x 0/0 out/empty/",
      "-rw-r--r-- 0/0 out/same.txt",
      "-rw-r--r-- 0/0 out/sorted.txt",
      "-rwxr-xr-x 0/0 out/tool",
    ]);
    expect((await rootfsOf(rig)).content("out/same.txt")).toBe("a\nb\n");
  });

  test("an input whose change leaves the output as it is stops there; an unrelated file changes nothing", async () => {
    const command = `{ inputs: ["./src"], outputs: "dist", command: "mkdir dist; sort src/list.txt > dist/sorted.txt" }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(command), "app/src/list.txt": "b\na\n" } });
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual(["image", "layer", "runCommand"]);
    rig.write("app/other.txt", "x");
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual([]);
    rig.write("app/src/list.txt", "a\nb\n");
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual(["runCommand"]);
    rig.write("app/src/list.txt", "c\nb\n");
    expect(builtKinds(await rig.run(["build", "//app", "--json"]))).toEqual(["image", "layer", "runCommand"]);
  });

  test("one output is its content, or the file; several keep their paths, and each can be taken alone", async () => {
    const definition = `import { buildImage, runCommand, tree } from "imgbuild";
const file = runCommand({ command: "echo one > one.txt", outputs: "one.txt" });
const both = runCommand({ command: "mkdir -p a/b; echo x > a/b/x; echo y > y", outputs: ["a", "y"] });
export default buildImage({ name: "x", copyToRoot: [
  file, tree({ "/file": file, "/both": both, "/a": both.output("a"), "/deep": both.output("a/b"), "/y": both.output("y") }),
] });
`;
    await using rig = await workspaceRig({ files: { "app/image.ts": definition } });
    const files = (await rootfsOf(rig)).listing
      .filter((line) => line.startsWith("-"))
      .map((line) => line.split(" ")[2]);
    expect(files).toEqual(["a/b/x", "both/a/b/x", "both/y", "deep/x", "file", "one.txt", "y"]);
  });

  test("inputs are read-only, at the place they have in the workspace or where the definition says", async () => {
    const command = `{
      inputs: { "in/a.txt": "./a.txt", "/abs/conf.json": json({ a: 1 }), "t": tree({ "/l": link("x"), "/d": directory() }) },
      outputs: "out",
      command: \`mkdir out; cat in/a.txt /abs/conf.json > out/all; readlink t/l >> out/all; pwd >> out/all
        ! echo no > in/a.txt 2>/dev/null; ! rm -f in/a.txt 2>/dev/null; touch in/beside\`,
    }`;
    const other = `export const listed = buildImage({ name: "y", copyToRoot: tree({ "/out": runCommand({
      inputs: ["./a.txt", path("//shared", { exclude: "**/*.md" })], outputs: "out",
      command: "pwd > out; find /work -type f | sort >> out",
    }) }) });`;
    await using rig = await workspaceRig({
      files: {
        "app/image.ts": image(command) + other,
        "app/a.txt": "A\n",
        "shared/lib/b.txt": "B\n",
        "shared/c.md": "C\n",
      },
    });
    expect((await rootfsOf(rig)).content("out/all")).toBe('A\n{\n  "a": 1\n}\nx\n/work\n');
    const listed = (await rootfsOf(rig, "//app:listed")).content("out");
    expect(listed).toBe("/work/app\n/work/app/a.txt\n/work/app/out\n/work/shared/lib/b.txt\n");
  });

  test("nothing else of the machine is there: no home, no network, no variables, no other file", async () => {
    const command = `{ outputs: "out", env: { MINE: "a b'c$d" }, command: \`
      env | sed '/^PATH=/d;/^_=/d;/^SHLVL=/d;/^PWD=/d;/^OLDPWD=/d' | sort > out; ls -A / | tr '\\\\n' ' ' >> out; echo >> out
      cat < /dev/tcp/127.0.0.1/1 2>/dev/null || echo no network >> out
      node -p 'process.version' >> out\` }`;
    const files = { "app/image.ts": image(command), "app/a.txt": "" };
    await using rig = await workspaceRig({ files, env: { LEAK: "leak" } });
    const lines = (await rootfsOf(rig)).content("out").split("\n");
    expect(lines.slice(0, 6)).toEqual([
      "HOME=/.imgbuild/tmp",
      "LC_ALL=C",
      "MINE=a b'c$d",
      "SOURCE_DATE_EPOCH=1",
      "TMPDIR=/.imgbuild/tmp",
      "TZ=UTC",
    ]);
    const allowed = /^(\.imgbuild|bin|dev|etc|lib\w*|nix|gnu|proc|root|sbin|tmp|usr|work)$/;
    expect(
      (lines[6] ?? "")
        .trim()
        .split(" ")
        .filter((name) => !allowed.test(name)),
    ).toEqual([]);
    expect(lines.slice(7)).toEqual(["no network", process.version, ""]);
  });

  test("a missing output is named, with what was made instead", async () => {
    const command = `{ inputs: ["./a.txt"], outputs: ["dist", "a.txt"], command: "mkdir build; touch log" }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(command), "app/a.txt": "" } });
    expect(await failure(rig)).toContain('Cannot keep the output "dist"');
    expect(await failure(rig)).toContain('in /work/app it made "build", "log"');
  });

  test.each([
    ["a link to what is only in the sandbox", "mkdir dist; ln -s /work/app/a.txt dist/l", 'the symbolic link "dist/l"'],
    ["a link that leaves", "mkdir dist; ln -s ../a.txt dist/l", 'leads to "../a.txt"'],
    ["an output that is a link", "ln -s /etc dist", 'the output "dist"'],
    ["a pipe", "mkdir dist; mkfifo dist/p", '"p" in it is a pipe'],
  ])("%s is refused", async (_, script, message) => {
    const command = `{ inputs: ["./a.txt"], outputs: "dist", command: ${JSON.stringify(script)} }`;
    await using rig = await workspaceRig({ files: { "app/image.ts": image(command), "app/a.txt": "" } });
    const result = await rig.run(["build", "//app"]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(message);
  });
});

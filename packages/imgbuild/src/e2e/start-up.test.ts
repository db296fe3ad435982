import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLI_PATH, workspaceRig } from "@imgbuild/testkit";

/** What only networks, child processes and threads need: milliseconds each, in commands that have nothing to do. */
const HEAVY = ["http", "https", "tls", "net", "dgram", "dns", "child_process", "worker_threads", "readline", "esbuild"];

test("a build with nothing to do loads no module for what it does not do", async () => {
  await using rig = await workspaceRig({
    files: {
      "app/image.ts":
        'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "app", copyToRoot: "./files" });\n',
      "app/files/a.txt": "a\n",
    },
  });
  const directory = mkdtempSync(join(tmpdir(), "imgbuild-start-up-"));
  try {
    const hook = join(directory, "hook.cjs");
    const list = join(directory, "modules.json");
    const modules = "[...process.moduleLoadList, ...Object.keys(require.cache)]";
    writeFileSync(
      hook,
      `process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(list)}, JSON.stringify(${modules})));\n`,
    );
    // Standard output is a file: a pipe needs the modules of sockets.
    const run = () =>
      spawnSync(
        "/bin/sh",
        ["-c", 'exec "$@" >"$OUT" 2>&1', "sh", process.execPath, "-r", hook, CLI_PATH, "build", "//app"],
        {
          cwd: rig.root,
          // The evaluated configuration is kept below the home directory.
          env: { PATH: process.env.PATH, HOME: directory, OUT: join(directory, "out") },
        },
      );
    for (let i = 0; i < 3; i++) {
      expect({ status: run().status, out: readFileSync(join(directory, "out"), "utf8") }).toMatchObject({ status: 0 });
    }
    expect(readFileSync(join(directory, "out"), "utf8")).toContain("2 hits");
    const loaded = JSON.parse(readFileSync(list, "utf8")) as string[];
    expect(loaded.some((name) => name === "NativeModule crypto")).toBe(true);
    const isHeavy = (name: string) =>
      HEAVY.some((each) => name === `NativeModule ${each}` || name.includes(`/node_modules/${each}/`));
    expect(loaded.filter(isHeavy)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

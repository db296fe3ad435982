import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { workspaceRig } from "@imgbuild/testkit";

const CELL = 4096;
const CELLS = 512;

/**
 * Rewrites a file for ever, cell by cell from its beginning: at any moment it holds the number n up to some cell and n - 1
 * behind it. What is read over a longer time shows a greater number behind a smaller one.
 */
const WRITER = `
  const fs = require("node:fs");
  const file = fs.openSync(process.argv[1], "r+");
  const cell = Buffer.alloc(${CELL});
  for (let n = 2; ; n++) {
    for (let i = 0; i < ${CELL}; i += 4) cell.writeUInt32LE(n, i);
    for (let at = 0; at < ${CELLS}; at++) fs.writeSync(file, cell, 0, ${CELL}, at * ${CELL});
    if (n === 3) console.log("running");
  }
`;

/** Whether this is a content that the file had at one moment. */
function isOneMoment(content: Buffer): boolean {
  let before = content.readUInt32LE(0);
  const first = before;
  for (let at = 0; at < content.length; at += 4) {
    const value = content.readUInt32LE(at);
    if (value > before || value < first - 1) return false;
    before = value;
  }
  return content.length === CELL * CELLS;
}

test("a file that changes while it is packed is never stored torn", async () => {
  const definition =
    'import { buildImage } from "imgbuild";\nexport default buildImage({ name: "a", copyToRoot: "./data" });\n';
  const start = Buffer.alloc(CELL * CELLS);
  for (let at = 0; at < start.length; at += 4) start.writeUInt32LE(1, at);
  await using rig = await workspaceRig({
    files: { "a/image.ts": definition, "a/data/busy": start, "a/data/calm": "calm\n" },
  });
  const writer = spawn(process.execPath, ["-e", WRITER, rig.path("a/data/busy")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await new Promise((running) => writer.stdout.once("data", running));
    for (let round = 0; round < 6; round++) {
      const archive = join(rig.outside, `${round}.tar`);
      const { code, stderr } = await rig.run(["build", "//a", "-o", archive, "--compression", "none"]);
      expect([0, 75]).toContain(code);
      if (code === 0) expect(isOneMoment(fileOf(archive))).toBe(true);
      else expect(stderr).toContain("error[input-changed]: ");
    }
  } finally {
    writer.kill("SIGKILL");
  }
  await new Promise((gone) => writer.once("close", gone));
  expect((await rig.run(["cache", "verify"])).code).toBe(0);
  const calm = await rig.run(["build", "//a"]);
  const fresh = await rig.run(["build", "//a", "--cache-dir", join(rig.outside, "fresh")]);
  expect({ code: calm.code, stdout: calm.stdout }).toEqual({ code: 0, stdout: fresh.stdout });
});

/** The busy file in the only layer of an archive. */
function fileOf(archive: string): Buffer {
  const script =
    'layer=$(tar -xOf "$1" manifest.json | sed "s/.*Layers\\":\\[\\"\\([^\\"]*\\).*/\\1/"); tar -xOf "$1" "$layer" | tar -xO -f - busy';
  const done = spawnSync("sh", ["-c", script, "sh", archive], { maxBuffer: 1 << 28 });
  expect(done.stderr.toString()).toBe("");
  return done.stdout;
}

test("the check of this test sees a torn content", () => {
  const torn = Buffer.alloc(CELL * CELLS, 1);
  torn.writeUInt32LE(0x01010102, torn.length - 4);
  expect(isOneMoment(torn)).toBe(false);
});

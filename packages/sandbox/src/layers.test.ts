import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { describeWithTools, type TestMember, tarOf } from "@imgbuild/testkit";
import { type ChangedFile, readChanges } from "./read-changes.ts";
import { SandboxRig, testSandbox } from "./testing.ts";
import { unpackLayer } from "./unpack-layer.ts";

const { mode } = testSandbox().abilities;
const signal = new AbortController().signal;

type Members = readonly (readonly [string, TestMember])[];

async function* pieces(tar: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < tar.length; at += 1000) yield tar.subarray(at, at + 1000);
}

const shown = ({ header }: ChangedFile): string =>
  `${header.type} ${header.path} ${header.mode.toString(8)} ${header.uid}:${header.gid}${header.linkname === "" ? "" : ` > ${header.linkname}`}`;

describeWithTools(["unshare", "setpriv", "tar"], `layers for a sandbox (${mode})`, () => {
  const rig = new SandboxRig();
  const { abilities } = rig.sandbox;
  afterAll(() => rig.remove());

  const unpack = async (members: Members): Promise<string> => {
    const directory = `${rig.empty("parent")}/layer`;
    const tar = tarOf(members);
    await unpackLayer(abilities, { tar: () => pieces(tar), directory, signal });
    return directory;
  };

  /** The changes that a script makes over layers, lowest first. */
  const changesOf = async (script: string, layers: readonly Members[]): Promise<readonly ChangedFile[]> => {
    const lower: string[] = [];
    for (const layer of layers) lower.push(await unpack(layer));
    const [upper, work] = [rig.empty("upper"), rig.empty("work")];
    const end = await rig.run(script, { root: { kind: "overlay", lower, upper, work } });
    expect([end.code, rig.output]).toEqual([0, expect.anything()]);
    const devices = new Map([...end.devices].map(([path, device]) => [path.slice(1), device]));
    return readChanges(abilities, {
      directory: upper,
      spool: rig.empty("spool"),
      devices,
      fileMarks: end.fileMarks,
      signal,
    });
  };

  test.each<[string, string]>([
    ["relative", "usr/"],
    ["absolute", "/usr/"],
    ["through ..", "../../../usr/"],
  ])("a root without a shell whose /lib is a %s link is lent one, and keeps nothing of it", async (_kind, to) => {
    const low: Members = [
      ["usr/lib/x", "x"],
      ...["bin", "lib", "lib64"].map((name) => [name, { type: "symlink", linkname: `${to}${name}` }] as const),
    ];
    const changed = await changesOf("echo made > /made; cat /lib/x > /copied; [ -L /lib ]", [low]);
    // Directories that libraries stood in are copied up as they were.
    const files = changed.map(shown).filter((line) => !/^directory (\.|usr|usr\/lib) 755 0:0$/.test(line));
    expect(files.sort()).toEqual(["file copied 644 0:0", "file made 644 0:0"]);
  });

  test("files, links, modes and whiteouts of layers are what a script sees", async () => {
    const low: Members = [
      ["etc/a", "a"],
      ["etc/gone", "x"],
      ["old/x", "x"],
      ["bin", { type: "symlink", linkname: "usr/bin" }],
      ["usr/bin/tool", "t"],
    ];
    const high: Members = [
      ["etc/.wh.gone", ""],
      ["old/.wh..wh..opq", ""],
      ["old/y", "y"],
      ["usr/bin/s", { mode: 0o4755 }],
      ["usr/bin/twin", { type: "hardlink", linkname: "usr/bin/s" }],
    ];
    const lower = [await unpack(low), await unpack(high)];
    await rig.run("ls /etc /old; cat /bin/tool; stat -c '%a %h' /usr/bin/s", {
      root: { kind: "overlay", lower, upper: rig.empty("u"), work: rig.empty("w") },
    });
    expect(rig.output).toBe("/etc:\na\n\n/old:\ny\nt4755 2\n");
  });

  test("owners and capabilities of a layer are kept, where there are ids", async () => {
    // cap_net_bind_service=ep, as the kernel writes it (VFS_CAP_REVISION_2).
    const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
    const members: Members = [
      ["bin/server", { uid: 12, gid: 34, mode: 0o755, xattrs: new Map([["security.capability", capability]]) }],
    ];
    if (mode === "single") {
      await expect(unpack(members)).rejects.toMatchObject({
        code: "unsupported",
        hint: expect.stringContaining("--add-subuids"),
      });
      return;
    }
    const directory = await unpack(members);
    const changed = await readChanges(abilities, { directory, spool: rig.empty("spool"), devices: new Map(), signal });
    const server = changed.find(({ header }) => header.path === "bin/server");
    expect([server?.header.uid, server?.header.gid]).toEqual([12, 34]);
    expect(Buffer.from(server?.header.xattrs?.get("security.capability") ?? []).toString("hex")).toBe(
      capability.toString("hex"),
    );
  });

  test("what a script does to layers comes back as members of a layer", async () => {
    const low: Members = [
      ["etc/a", "a"],
      ["etc/gone", "x"],
      ["dir/x", "x"],
      ["dir/y", "y"],
    ];
    const script = `rm /etc/gone; rm -r /dir; mkdir /dir; echo new > /dir/z; chmod 2755 /dir; ln -s ../etc/a /dir/link
      echo twin > /etc/one; ln /etc/one /etc/two; mkfifo /etc/fifo; head -c 300000 /dev/zero > /etc/big; : > /etc/empty`;
    const changed = (await changesOf(script, [low])).filter(
      ({ header }) => header.path !== "." && header.path !== "etc",
    );
    const big = changed.find(({ header }) => header.path === "etc/big");
    expect(big?.content?.sha256).toBe(createHash("sha256").update(Buffer.alloc(300_000)).digest("hex"));
    const links = changed.filter(({ header }) => /\/(one|two)$/.test(header.path)).map(({ header }) => header.type);
    expect(links.sort()).toEqual(["file", "hardlink"]);
    expect(changed.every(({ header }) => header.mtime === 1)).toBe(true);
    expect(
      changed
        .filter(({ header }) => !/\/(one|two|big)$/.test(header.path))
        .map(shown)
        .sort(),
    ).toEqual([
      "directory dir 2755 0:0",
      "fifo etc/fifo 644 0:0",
      "file dir/.wh..wh..opq 0 0:0",
      "file dir/z 644 0:0",
      "file etc/.wh.gone 0 0:0",
      "file etc/empty 644 0:0",
      "symlink dir/link 777 0:0 > ../etc/a",
    ]);
  });

  (mode === "single" ? test.skip : test)("owners, set-user-id bits and devices come back", async () => {
    const script =
      "mkdir /d; cp /etc/a /d/f; chown 1000:50 /d/f; chmod 4710 /d/f; mknod -m 640 /d/null c 1 3; mknod /d/loop b 7 1; chown 0:6 /d/loop";
    const changed = await changesOf(script, [[["etc/a", "a"]]]);
    const devices = changed
      .filter(({ header }) => /null|loop/.test(header.path))
      .map((file) => `${shown(file)} ${file.header.devMajor},${file.header.devMinor}`);
    expect(changed.map(shown)).toContain("file d/f 4710 1000:50");
    expect(devices.sort()).toEqual(["block d/loop 644 0:6 7,1", "char d/null 640 0:0 1,3"]);
  });

  test("sockets are left out, circles of links are kept as they are", async () => {
    const changed = await changesOf("mkdir /d; ln -s b /d/a; ln -s a /d/b; ln -s . /d/self", [[["etc/a", "a"]]]);
    expect(
      changed
        .filter(({ header }) => header.type === "symlink")
        .map(shown)
        .sort(),
    ).toEqual(["symlink d/a 777 0:0 > b", "symlink d/b 777 0:0 > a", "symlink d/self 777 0:0 > ."]);
  });

  test("a file that no layer can hold is named", async () => {
    const made = changesOf("mkdir /d; : > /d/.wh.name", [[["etc/a", "a"]]]);
    await expect(made).rejects.toMatchObject({
      code: "script-failed",
      message: expect.stringContaining("/d/.wh.name"),
    });
  });

  describe("hostile layers", () => {
    const canary = () => {
      const directory = rig.empty("canary");
      writeFileSync(`${directory}/file`, "alive");
      mkdirSync(`${directory}/sub`);
      return {
        directory,
        untouched: () =>
          expect([readdirSync(directory), readFileSync(`${directory}/file`, "utf8")]).toEqual([
            ["file", "sub"],
            "alive",
          ]),
      };
    };

    test.each(["write", "mkdir", "mknod", "hard link", "chmod", "whiteout"])(
      "a link to this machine that the layer plants and then writes through (%s) leads nowhere",
      async (kind) => {
        const { directory, untouched } = canary();
        const through: Readonly<Record<string, readonly [string, TestMember]>> = {
          write: ["way/file", "dead"],
          mkdir: ["way/new/deep", { type: "directory" }],
          mknod: ["way/disk", { type: "block", devMajor: 8 }],
          "hard link": ["way/twin", { type: "hardlink", linkname: "own" }],
          chmod: ["way/sub", { type: "directory", mode: 0o777 }],
          whiteout: ["way/.wh.file", ""],
        };
        const layer = await unpack([
          ["own", "x"],
          ["way", { type: "symlink", linkname: directory }],
          through[kind] ?? ["", ""],
        ]);
        untouched();
        expect(readlinkSync(`${layer}/way`)).toBe(directory);
      },
    );

    test("a link planted by one layer and written through by the next is a directory of the next", async () => {
      const { directory, untouched } = canary();
      const lower = [
        await unpack([["way", { type: "symlink", linkname: directory }]]),
        await unpack([["way/file", "new"]]),
      ];
      await rig.run("cat /way/file; echo changed > /way/file", {
        root: { kind: "overlay", lower, upper: rig.empty("u"), work: rig.empty("w") },
      });
      expect(rig.output).toBe("new");
      untouched();
    });

    test("a script that follows a link of a layer stays inside", async () => {
      const { directory, untouched } = canary();
      const lower = [await unpack([["way", { type: "symlink", linkname: directory }]])];
      await rig.run("cat /way/file || echo nothing; mkdir -p /way || :; echo dead > /way/file || echo refused", {
        root: { kind: "overlay", lower, upper: rig.empty("u"), work: rig.empty("w") },
      });
      expect(rig.output).toContain("nothing");
      untouched();
    });

    test.each([
      ["..", [["../escape", "x"]]],
      ["a deep ..", [["a/b/../../../escape", "x"]]],
      ["a hard link out", [["a", { type: "hardlink", linkname: "../../../etc/passwd" }]]],
    ] as readonly (readonly [string, Members])[])("%s is refused, and nothing stays", async (_, members) => {
      const parent = rig.empty("parent");
      const tar = tarOf(members);
      const refused = unpackLayer(abilities, { tar: () => pieces(tar), directory: `${parent}/layer`, signal });
      await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/path-escape|invalid-archive/) });
      expect(existsSync(`${parent}/escape`)).toBe(false);
    });

    test("absolute names, odd names and devices", async () => {
      const layer = await unpack([
        ["/abs/file", "x"],
        ["-rf", "y"],
        ["a\nb", "z"],
        ["dev/sda", { type: "block", devMajor: 8 }],
      ]);
      expect([
        readFileSync(`${layer}/abs/file`, "utf8"),
        readFileSync(`${layer}/-rf`, "utf8"),
        readFileSync(`${layer}/a\nb`, "utf8"),
      ]).toEqual(["x", "y", "z"]);
      // Left out: a hole in its place hides what lower layers have there.
      expect([lstatSync(`${layer}/dev/sda`).isCharacterDevice(), lstatSync(`${layer}/dev/sda`).rdev]).toEqual([
        true,
        0,
      ]);
    });

    test("a damaged archive is an error that says so", async () => {
      const tar = tarOf([["a", "x".repeat(5000)]]).subarray(0, 2048);
      const cut = unpackLayer(abilities, { tar: () => pieces(tar), directory: `${rig.empty("p")}/layer`, signal });
      await expect(cut).rejects.toMatchObject({ code: "invalid-archive" });
    });
  });
});

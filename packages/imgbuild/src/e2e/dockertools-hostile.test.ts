import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTarSync } from "@imgbuild/tar";
import {
  type Dockerd,
  describeWithTools,
  savedImages,
  startDockerd,
  type WorkspaceRig,
  workspaceRig,
} from "@imgbuild/testkit";
import { type HandMadeLayer, handMadeArchive } from "./hand-made-archive.ts";

const BUILDS = `import { buildImage, buildLayeredImage, exportImage, text, tree } from "imgbuild";
const added = tree({ "/etc/added": text("a"), "/planted/x": text("x"), "/up/y": text("y") });
export const copied = buildImage({ name: "copied", fromImage: "./base.tar", copyToRoot: added });
export const layered = buildLayeredImage({ name: "layered", fromImage: "./base.tar", contents: added });
export const asRoot = buildImage({ name: "as-root", fromImage: "./base.tar", copyToRoot: added, runAsRoot: "echo mine > /planted/by-root; echo mine > /etc/passwd" });
export const files = exportImage({ fromImage: "./base.tar", name: "files" });
`;

/** What a layer may try: each must end in an error or in an image, and never outside of both. */
const HOSTILE: Readonly<Record<string, (outside: string) => readonly HandMadeLayer[]>> = {
  "a path with ..": () => [[["../../../../canary/out", "x"]]],
  "a hard link to a path with ..": () => [
    [
      ["a", "a"],
      ["b", { type: "hardlink", linkname: "../../../../canary/file" }],
    ],
  ],
  "a hard link to a file of the machine": (outside) => [
    [["b", { type: "hardlink", linkname: `${outside}/canary/file` }]],
  ],
  "a link in one layer, and a file through it in the next": (outside) => [
    [["planted", { type: "symlink", linkname: `${outside}/canary` }]],
    [["planted/file", "overwritten"]],
  ],
  "a link and a file through it in one layer": (outside) => [
    [
      ["planted", { type: "symlink", linkname: `${outside}/canary` }],
      ["planted/file", "overwritten"],
    ],
  ],
  "a relative link that leads out, and a whiteout through it": (outside) => [
    [
      ["up", { type: "symlink", linkname: `../../../../../../../..${outside}/canary` }],
      ["planted", { type: "symlink", linkname: `${outside}/canary` }],
    ],
    [
      ["up/.wh.file", ""],
      ["planted/.wh..wh..opq", ""],
    ],
  ],
  "a whiteout of the root, and one of ..": () => [[["etc/.wh...", ""]], [[".wh..", ""]]],
};

describeWithTools(["unshare", "setpriv"], "hostile bases", () => {
  let rig: WorkspaceRig;
  beforeAll(async () => {
    rig = await workspaceRig({ files: { "image.ts": BUILDS } });
  });
  afterAll(() => rig?.[Symbol.asyncDispose]());

  test.each(Object.entries(HOSTILE))("%s touches nothing outside", async (_name, layersIn) => {
    const canary = join(rig.outside, "canary");
    mkdirSync(canary, { recursive: true });
    writeFileSync(join(canary, "file"), "safe");
    const before = [lstatSync(canary).mtimeMs, lstatSync(join(canary, "file")).ctimeMs];
    const places = ["/tmp/canary", "/canary", join(rig.root, "canary")];
    rig.write("base.tar", handMadeArchive("base:1", layersIn(rig.outside)));
    for (const label of ["copied", "layered", "asRoot", "files"]) {
      const out = join(rig.outside, `${label}.tar`);
      const { code, stderr } = await rig.run(["build", `//:${label}`, "-o", out, "--compression", "none"]);
      expect({
        label,
        code: [0, 1, 2, 4].includes(code ?? -1),
        bug: /internal error|^\s+at \S+ \(/im.test(stderr) ? stderr : "",
      }).toEqual({
        ...{ label, code: true, bug: "" },
      });
      // What was made is whole: no member of a root file system leads through another.
      if (code === 0 && label === "files") expect(membersThroughLinks(readFileSync(out))).toEqual([]);
    }
    expect(readdirSync(canary)).toEqual(["file"]);
    expect(readFileSync(join(canary, "file"), "utf8")).toBe("safe");
    expect([lstatSync(canary).mtimeMs, lstatSync(join(canary, "file")).ctimeMs]).toEqual(before);
    expect(places.filter((place) => existsSync(place))).toEqual([]);
  });
});

test("what a base has is not stored again, but for what it deleted, hides or has otherwise", async () => {
  const base: readonly HandMadeLayer[] = [
    [
      ["same", "s"],
      ["gone", "g"],
      ["opaque/old", "o"],
      ["below/deleted/x", "x"],
      ["mode", { mode: 0o600 }],
      ["owner", { uid: 5 }],
      ["late", { mtime: 1_000_000 }],
      ["swapped", { type: "symlink", linkname: "same" }],
      ["twin", { type: "hardlink", linkname: "same" }],
      ["again", "first"],
    ],
    [
      [".wh.gone", ""],
      ["opaque/.wh..wh..opq", ""],
      ["below/.wh.deleted", ""],
      [".wh.again", ""],
    ],
    [["again", "first"]],
  ];
  const texts = {
    same: "s",
    gone: "g",
    "opaque/old": "o",
    "below/deleted/x": "x",
    mode: "",
    owner: "",
    late: "",
    swapped: "s",
    twin: "s",
    again: "first",
  };
  await using rig = await workspaceRig({ files: { "base.tar": handMadeArchive("base:1", base) } });
  const places = Object.entries(texts).map(([path, content]) => `"/${path}": text("${content}")`);
  const tree = `tree({ ${places.join(", ")} })`;
  for (const image of [
    `buildImage({ name: "a", fromImage: "./base.tar", copyToRoot: ${tree} })`,
    `buildLayeredImage({ name: "b", fromImage: "./base.tar", contents: ${tree} })`,
  ]) {
    rig.write(
      "image.ts",
      `import { buildImage, buildLayeredImage, text, tree } from "imgbuild";\nexport default ${image};`,
    );
    const out = join(rig.outside, "out.tar");
    expect(await rig.run(["build", "//...", "-o", out, "--compression", "none"])).toMatchObject({ code: 0 });
    const top = savedImages(out)[0]
      ?.layers.at(-1)
      ?.filter(({ type }) => type !== "directory");
    expect(top?.map(({ path }) => path)).toEqual(["below/deleted/x", "gone", "mode", "opaque/old", "owner", "swapped"]);
  }
});

test("a source cannot delete what is below it: names of whiteouts are refused wherever they come from", async () => {
  await using rig = await workspaceRig({ files: { "d/.wh.passwd": "", "d/ok": "" } });
  const images = [
    `buildImage({ name: "a", copyToRoot: tree({ "/etc": "./d" }) })`,
    `buildLayeredImage({ name: "b", contents: tree({ "/etc": "./d" }) })`,
    `buildImage({ name: "c", copyToRoot: tree({ "/etc": "./d" }), extraCommands: "true" })`,
  ];
  for (const image of images) {
    rig.write("image.ts", `import { buildImage, buildLayeredImage, tree } from "imgbuild";\nexport default ${image};`);
    const { code, stderr } = await rig.run(["build", "//..."]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('Cannot place "/etc/.wh.passwd"') });
  }
});

function membersThroughLinks(tar: Buffer): string[] {
  const members = [...readTarSync(tar)].map(({ header }) => header);
  const links = members.filter(({ type }) => type === "symlink").map(({ path }) => `${path}/`);
  return members
    .map(({ path }) => path)
    .filter((path) => path.includes("..") || links.some((link) => path.startsWith(link)));
}

/** Layers of every kind that a tool may write, in ways that differ from ours. */
const ORDINARY: readonly HandMadeLayer[] = [
  [
    ["etc/", { type: "directory", mode: 0o755 }],
    ["etc/kept", "kept"],
    ["etc/gone", "gone"],
    ["etc/twice", "first"],
    ["opaque/old", "old"],
    ["swap/below", "below"],
    ["file-then-dir", "file"],
    ["bin", { type: "symlink", linkname: "usr/bin" }],
    ["usr/bin/tool", "tool"],
    ["usr/bin/twin", { type: "hardlink", linkname: "usr/bin/tool" }],
    ["usr/bin/third", { type: "hardlink", linkname: "usr/bin/twin" }],
    ["dev-null", { type: "char", devMajor: 1, devMinor: 3, mode: 0o666 }],
    ["pipe", { type: "fifo", mode: 0o600, uid: 12, gid: 3_000_000 }],
  ],
  [
    ["etc/.wh.gone", ""],
    ["opaque/.wh..wh..opq", ""],
    ["opaque/new", { mode: 0o4711, uid: 7 }],
    [".wh.swap", ""],
    ["swap", { type: "symlink", linkname: "etc" }],
    ["file-then-dir/", { type: "directory", mode: 0o750 }],
    ["file-then-dir/x", "x"],
    ["usr/bin/tool", "replaced"],
  ],
  [["etc/.wh.twice", ""]],
  [["etc/twice", "again"]],
  [["late/", { type: "directory", mode: 0o1777, uid: 5, gid: 6 }]],
];

describeWithTools(["dockerd", "docker", "busybox"], "an export", () => {
  let docker: Dockerd;
  beforeAll(async () => {
    docker = await startDockerd();
  });
  afterAll(() => docker?.stop());

  test("has the files that Docker shows of the same image, be they under one name or several", async () => {
    await using rig = await workspaceRig({ files: { "image.ts": BUILDS } });
    const archive = handMadeArchive("ordinary:1", ORDINARY, { Cmd: ["/x"] });
    rig.write("base.tar", archive);
    expect(docker.docker(["load"], archive)).toMatchObject({ stderr: "" });
    docker.docker(["create", "--name", "shown", "ordinary:1"]);
    const shown = join(rig.outside, "shown.tar");
    expect(docker.docker(["export", "--output", shown, "shown"])).toMatchObject({ status: 0 });
    const { code, stderr, stdoutBytes } = await rig.run(["export", "//:files"]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    // Docker adds places to mount its own files on.
    const own = /^(dev|proc|sys|\.dockerenv|etc\/(hosts|hostname|resolv\.conf|mtab))($|\/)/;
    const theirs = new Map([...filesIn(readFileSync(shown))].filter(([path]) => !own.test(path)));
    expect(Object.fromEntries(filesIn(stdoutBytes))).toEqual(Object.fromEntries(theirs));
  });
});

test("an export has once what a layer has twice, and it is the last", async () => {
  await using rig = await workspaceRig({ files: { "image.ts": BUILDS } });
  const members: HandMadeLayer = [
    ["a", "first"],
    ["a", "second"],
    ["c", "file"],
    ["c", { type: "symlink", linkname: "a" }],
    ["a", "third"],
  ];
  rig.write("base.tar", handMadeArchive("twice:1", [members]));
  const { stdoutBytes } = await rig.run(["export", "//:files"]);
  const found = [...readTarSync(stdoutBytes)].map(({ header, content }) => [header.path, header.type, `${content}`]);
  expect(found.filter(([path]) => path === "a" || path === "c")).toEqual([
    ["c", "symlink", ""],
    ["a", "file", "third"],
  ]);
});

/** Path → what is there; hard links are the file that they repeat. */
function filesIn(tar: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  for (const { header, content } of readTarSync(tar)) {
    const { path, type, mode, uid, gid, linkname, devMajor, devMinor } = header;
    if (path === "") continue;
    if (type === "hardlink") files.set(path, files.get(linkname) ?? "a link to nothing");
    else {
      const text = `${type} ${(mode & 0o7777).toString(8)} ${uid}:${gid} ${type === "symlink" ? linkname : ""} ${Buffer.from(content).toString()}`;
      files.set(path, type === "char" ? `${text}${devMajor},${devMinor}` : text);
    }
  }
  return files;
}

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";
import { type Derivation, derivationId, diffTrees, type Leaf, type PathArgs } from "@imgbuild/graph";
import { WorkThreads } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import { testStore } from "@imgbuild/testkit";
import { Sweeper } from "./sweeper.ts";

const rig = testStore();
const threads = new WorkThreads();
let store: Store;
let root: string;
beforeAll(async () => {
  store = await rig.open();
});
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "imgbuild-sweep-")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
afterAll(() => threads.close());
afterAll(() => rig.remove());

/** Far from now, so that no file counts as changed a moment ago. */
const LATER = 60_000;

interface Swept extends Leaf {
  readonly filesOpened: number;
  readonly bytesHashed: number;
  readonly sweeper: Sweeper;
}

function sweep(path = "src", args: Partial<PathArgs> = {}, now = Date.now() + LATER): Swept {
  const sweeper = new Sweeper({
    store,
    workspaceRoot: root,
    hidden: new Set([join(root, "src/cache")]),
    now: () => now,
    threads,
    aheadFrom: 5_000,
  });
  const full = { path, include: [], exclude: [], follow: false, ...args };
  const recipe = { kind: "path", args: full as unknown as Derivation["args"], inputs: [] };
  const counters = { filesOpened: 0, bytesHashed: 0 };
  const position = { file: "image.ts", line: 3, column: 5 };
  const [leaf] = sweeper.readAll([{ ...recipe, id: derivationId(recipe), position }], counters);
  if (leaf === undefined || leaf instanceof ImgbuildError) throw leaf;
  return { ...leaf, ...counters, sweeper };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function thrown(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  return undefined;
}

test.each(["src/cache", "src/cache/v1"])("%s, in the cache, is no source", (path) => {
  write("src/cache/v1/x", "x");
  expect(thrown(() => sweep(path))).toMatchObject({ code: "definition", position: { file: "image.ts" } });
});

describe("a sweep", () => {
  beforeEach(() => {
    write("src/a.txt", "one");
    write("src/sub/b.txt", "two");
    write("src/sub/deep/c.txt", "three");
  });

  test("opens every file once, and none the second time", () => {
    const first = sweep();
    expect(first).toMatchObject({ files: 3, bytes: 11, filesOpened: 3, bytesHashed: 11 });
    expect(sweep()).toMatchObject({ digest: first.digest, files: 3, bytes: 11, filesOpened: 0, bytesHashed: 0 });
  });

  test.each<[string, () => void]>([
    [
      "other content of the same size with the old times put back",
      () => {
        const { atime, mtime } = statSync(join(root, "src/a.txt"));
        writeFileSync(join(root, "src/a.txt"), "ONE");
        utimesSync(join(root, "src/a.txt"), atime, mtime);
      },
    ],
    ["an execute bit", () => chmodSync(join(root, "src/a.txt"), 0o755)],
    ["an added file", () => write("src/sub/new.txt", "n")],
    ["a removed file", () => rmSync(join(root, "src/sub/b.txt"))],
    ["an added empty directory", () => mkdirSync(join(root, "src/empty"))],
    ["a name in another case", () => renameSync(join(root, "src/a.txt"), join(root, "src/A.txt"))],
    [
      "a file that became a directory",
      () => {
        rmSync(join(root, "src/a.txt"));
        mkdirSync(join(root, "src/a.txt"));
      },
    ],
    [
      "a link in place of a file",
      () => {
        rmSync(join(root, "src/a.txt"));
        symlinkSync("sub/b.txt", join(root, "src/a.txt"));
      },
    ],
    [
      "a file put in place of another by rename",
      () => {
        write("other", "ONE");
        renameSync(join(root, "other"), join(root, "src/a.txt"));
      },
    ],
  ])("notices %s", (_, change) => {
    const before = sweep();
    change();
    const after = sweep();
    expect(after.digest).not.toBe(before.digest);
    expect(sweep()).toMatchObject({ digest: after.digest, filesOpened: 0 });
  });

  test("notices where a link points, also when it is retargeted", () => {
    symlinkSync("a.txt", join(root, "src/link"));
    const before = sweep();
    rmSync(join(root, "src/link"));
    symlinkSync("sub", join(root, "src/link"));
    expect(sweep().digest).not.toBe(before.digest);
  });

  test("gives the same digest for a touched file, other times, owners and group rights", () => {
    const before = sweep();
    utimesSync(join(root, "src/a.txt"), 1, 1);
    chmodSync(join(root, "src/sub/b.txt"), 0o600);
    const after = sweep();
    expect(after.digest).toBe(before.digest);
    expect(after.filesOpened).toBe(2);
  });

  test("gives the same digest in another place", () => {
    const before = sweep();
    execFileSync("cp", ["-r", join(root, "src"), join(root, "copy")]);
    expect(sweep("copy").digest).toBe(before.digest);
  });

  test("reads a file again that changed a moment before it was read", () => {
    const now = Date.now();
    sweep("src", {}, now);
    expect(sweep("src", {}, now + LATER).filesOpened).toBe(3);
    expect(sweep("src", {}, now + LATER).filesOpened).toBe(0);
  });

  test("comes back to an old digest when the files do", () => {
    const a = sweep();
    write("src/a.txt", "changed");
    const b = sweep();
    write("src/a.txt", "one");
    expect(sweep().digest).toBe(a.digest);
    expect(b.digest).not.toBe(a.digest);
  });

  test("lets two states be compared by name afterwards", () => {
    const before = sweep();
    write("src/sub/deep/c.txt", "3");
    write("src/new.txt", "n");
    rmSync(join(root, "src/sub/b.txt"));
    const after = sweep();
    const changes = diffTrees(before.digest, after.digest, {
      load: (digest) => after.sweeper.node(digest),
      limit: 100,
    });
    expect(changes).toEqual([
      { path: "new.txt", change: "added" },
      { path: "sub/b.txt", change: "removed" },
      { path: "sub/deep/c.txt", change: "changed" },
    ]);
  });

  test("leaves out .git and the cache, wherever they are", () => {
    const before = sweep();
    write("src/.git/HEAD", "ref");
    write("src/sub/.git", "gitdir: elsewhere");
    write("src/cache/blob", "x");
    expect(sweep().digest).toBe(before.digest);
  });

  test("hashes thousands of files on two threads to the same digests", () => {
    for (let i = 0; i < 1_800; i++) write(`src/many/${i % 7}/f${i}.txt`, `content ${i}`);
    write("src/many/large.bin", "x".repeat(3 << 20));
    const many = sweep("src/many");
    expect(many.filesOpened).toBe(1_801);
    const [first] = ["0", "1"].map((name) => sweep(`src/many/${name}`));
    execFileSync("cp", ["-r", join(root, "src/many/0"), join(root, "few")]);
    expect(sweep("few").digest).toBe(first?.digest);
    expect(sweep("src/many")).toMatchObject({ digest: many.digest, filesOpened: 0 });
  });
});

describe("a sweep of so many files that a second thread looks ahead", () => {
  const PER_DIRECTORY = 300;
  const DIRECTORIES = 30;
  const file = (n: number) => join(root, `src/d${Math.floor(n / PER_DIRECTORY)}/f${n % PER_DIRECTORY}`);
  beforeEach(() => {
    for (let d = 0; d < DIRECTORIES; d++) mkdirSync(join(root, `src/d${d}`), { recursive: true });
    for (let n = 0; n < PER_DIRECTORY * DIRECTORIES; n++) writeFileSync(file(n), "same");
  });

  test("finds every change, wherever it is, and counts what did not change", () => {
    let last = sweep();
    expect(sweep()).toMatchObject({ digest: last.digest, filesOpened: 0 });
    const changes: ((path: string) => void)[] = [
      (path) => writeFileSync(path, "othr"),
      (path) => {
        const { atime, mtime } = statSync(path);
        writeFileSync(path, "back");
        utimesSync(path, atime, mtime);
      },
      (path) => chmodSync(path, 0o755),
      (path) => rmSync(path),
      (path) => {
        rmSync(path);
        symlinkSync("elsewhere", path);
      },
      (path) => {
        rmSync(path);
        mkdirSync(path);
      },
    ];
    for (const n of [0, 8_994]) {
      for (const [i, change] of changes.entries()) {
        change(file(n + i));
        const next = sweep();
        expect(next.digest).not.toBe(last.digest);
        last = next;
      }
    }
    const copy = join(root, "copy");
    execFileSync("cp", ["-a", join(root, "src"), copy]);
    expect(sweep("copy")).toMatchObject({ digest: last.digest, files: last.files, bytes: last.bytes });
  });
});

describe("a selection", () => {
  beforeEach(() => {
    for (const path of ["src/a.ts", "src/a.test.ts", "src/lib/b.ts", "src/lib/b.css", "src/dist/x.js", "src/.env"])
      write(path, path);
    mkdirSync(join(root, "src/empty"));
  });

  test.each<[string, Partial<PathArgs>, number]>([
    ["everything by default, hidden files too", {}, 6],
    ["what include names", { include: ["**/*.ts"] }, 3],
    ["a directory that include names, with all below", { include: ["lib"] }, 2],
    ["not what exclude names", { exclude: ["**/*.test.ts", "dist"] }, 4],
    ["exclude after include", { include: ["**/*.ts"], exclude: ["**/*.test.ts"] }, 2],
    ["patterns that start with ./ and end with /", { exclude: ["./dist/"] }, 5],
  ])("takes %s", (_, args, files) => {
    expect(sweep("src", args).files).toBe(files);
    expect(sweep("src", args)).toMatchObject({ files, filesOpened: 0 });
  });

  test("does not change with what it leaves out, nor with the wording of a pattern", () => {
    const before = sweep("src", { include: ["**/*.ts"] });
    write("src/other.css", "new");
    mkdirSync(join(root, "src/hollow"));
    expect(sweep("src", { include: ["**/*.ts"] }).digest).toBe(before.digest);
    expect(sweep("src", { include: ["*.ts", "lib/*.ts"] }).digest).toBe(before.digest);
  });

  test("notices when an ignored file becomes a directory of wanted ones", () => {
    write("src/thing", "a file");
    const before = sweep("src", { include: ["**/*.ts"] });
    rmSync(join(root, "src/thing"));
    write("src/thing/new.ts", "x");
    expect(sweep("src", { include: ["**/*.ts"] })).toMatchObject({ files: before.files + 1 });
  });
});

describe("links", () => {
  beforeEach(() => write("src/a.txt", "one"));

  test("are followed when asked, and the content counts", () => {
    write("lib/x.txt", "x");
    symlinkSync("../lib", join(root, "src/lib"));
    const before = sweep("src", { follow: true });
    expect(before.files).toBe(2);
    write("lib/x.txt", "y");
    expect(sweep("src", { follow: true }).digest).not.toBe(before.digest);
  });

  test.each<[string, () => void, string]>([
    ["out of the workspace", () => symlinkSync("/etc", join(root, "src/out")), "path-escape"],
    ["to nothing", () => symlinkSync("nowhere", join(root, "src/broken")), "input-missing"],
    ["to a directory above", () => symlinkSync("..", join(root, "src/loop")), "path-escape"],
  ])("are not followed %s", (_, make, code) => {
    make();
    expect(thrown(() => sweep("src", { follow: true }))).toMatchObject({
      code,
      hint: expect.stringContaining("exclude"),
    });
    expect(sweep("src").files).toBe(2);
  });

  test("on the way to a source may not lead out of the workspace", () => {
    const outside = mkdtempSync(join(tmpdir(), "imgbuild-outside-"));
    try {
      writeFileSync(join(outside, "secret"), "s");
      symlinkSync(outside, join(root, "door"));
      expect(thrown(() => sweep("door/secret"))).toMatchObject({ code: "path-escape", position: { line: 3 } });
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
});

describe("a source that cannot be read", () => {
  test("is an error at the definition that names it", () => {
    write("src/a.txt", "x");
    expect(thrown(() => sweep("nope"))).toMatchObject({
      code: "input-missing",
      position: { file: "image.ts", line: 3, column: 5 },
      message: expect.stringContaining('"//nope"'),
    });
    expect(thrown(() => sweep("src/a.txt/below"))).toMatchObject({ code: "input-missing" });
  });

  test("may be a socket or pipe among files, which is named", () => {
    write("src/a.txt", "x");
    execFileSync("mkfifo", [join(root, "src/pipe")]);
    expect(thrown(() => sweep())).toMatchObject({
      code: "input-unreadable",
      message: expect.stringContaining("src/pipe"),
      hint: "Leave it out with exclude",
    });
    expect(sweep("src", { exclude: ["pipe"] }).files).toBe(1);
  });

  test("may have a name that is not UTF-8, which is said", () => {
    write("src/a.txt", "x");
    writeFileSync(Buffer.concat([Buffer.from(`${root}/src/`), Buffer.of(0xff, 0x61)]), "x");
    expect(thrown(() => sweep())).toMatchObject({
      code: "input-unreadable",
      message: expect.stringContaining("UTF-8"),
    });
  });

  test("is one file as well as a directory", () => {
    write("src/a.txt", "x");
    const file = sweep("src/a.txt");
    expect(file).toMatchObject({ files: 1, filesOpened: 1 });
    expect(sweep("src/a.txt")).toMatchObject({ digest: file.digest, filesOpened: 0 });
    write("src/b.txt", "not part of it");
    expect(sweep("src/a.txt").digest).toBe(file.digest);
    chmodSync(join(root, "src/a.txt"), 0o755);
    expect(sweep("src/a.txt").digest).not.toBe(file.digest);
  });

  test("has the digest of each file also where two threads share them", () => {
    const contents = new Map(
      Array.from({ length: 2_000 }, (_, i) => [`f${i}`, `content of ${i}\n`.repeat((i % 50) + 1)]),
    );
    contents.set("large", "0123456789abcdef".repeat(300_000));
    for (const [name, text] of contents) write(`src/${name}`, text);
    const { digest, sweeper, filesOpened } = sweep();
    const node = sweeper.node(digest) ?? "";
    expect(filesOpened).toBe(contents.size);
    for (const text of contents.values()) expect(node).toContain(createHash("sha256").update(text).digest("hex"));
    expect(sweep()).toMatchObject({ digest, filesOpened: 0 });
  });
});

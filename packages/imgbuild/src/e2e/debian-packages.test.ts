import { createHash } from "node:crypto";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { TestDeb } from "@imgbuild/testkit";
import { builtKinds, type DebianRig, debianRig, definitionOf, ofType } from "./debian-rig.ts";

const APP: TestDeb = {
  name: "app",
  version: "1.0",
  fields: ["Depends: lib"],
  files: {
    "bin/app": { type: "file", mode: 0o4755, uid: 0, gid: 42, size: 0 },
    "bin/tool": "tool",
    "etc/app.conf": "a=1\n",
    "lib/app/data": "data",
    "lib64/ld.so": "loader",
    "usr/bin/link": { type: "symlink", linkname: "../../bin/app" },
    "usr/share/doc/app/README": "read me",
    "usr/share/doc/app/copyright": "free",
    "usr/share/man/man1/app.1.gz": "page",
    "var/lib/app": { type: "directory", mode: 0o2770, uid: 7, gid: 8 },
  },
  members: [["./usr/bin/hard", { type: "hardlink", linkname: "./bin/tool" }]],
  control: {
    conffiles: "/etc/app.conf\n",
    md5sums: "0123456789abcdef0123456789abcdef  usr/share/doc/app/README\n0123456789abcdef0123456789abcdef  bin/tool\n",
    postinst:
      "#!/bin/sh\nset -e\nadduser --system --group --home /var/lib/app app\nmake-tea /etc\nchown -R app: /var/lib/app\nsetcap x /bin/tool\n",
  },
};
const LIB: TestDeb = { name: "lib", version: "2", files: { "usr/lib/lib.so": "lib" } };

const failing = async (rig: DebianRig): Promise<string> => {
  const { code, stderr } = await rig.run(["build", "//images/app"]);
  expect(code).not.toBe(0);
  return `${code} ${stderr}`;
};

/** What the cache holds of unpacked and half-unpacked things. */
function debris({ workspace }: DebianRig): readonly string[] {
  const all = readdirSync(workspace.cacheDir, { recursive: true, encoding: "utf8" });
  return all.filter((path) => /\.(?:tmp|partial)|^tmp\/./.test(path));
}

describe("packages in an image", () => {
  test("lie on a merged /usr with their owners, modes and links; dpkg knows them; accounts are made", async () => {
    await using rig = await debianRig([APP, LIB], definitionOf('packages: ["app"]'));
    await rig.lock();
    const files = await rig.files();
    const shown = (path: string) => {
      const { type, mode, uid, gid, linkname, content } = files.get(path) ?? {};
      return [type, mode?.toString(8), uid, gid, linkname || content];
    };
    expect(shown("bin")).toEqual(["symlink", "777", 0, 0, "usr/bin"]);
    expect(shown("lib64")).toEqual(["symlink", "777", 0, 0, "usr/lib64"]);
    expect(shown("usr/bin/app")).toEqual(["file", "4755", 0, 42, ""]);
    expect(shown("usr/bin/link")).toEqual(["symlink", "777", 0, 0, "../../bin/app"]);
    expect(files.get("usr/bin/hard")?.content || files.get("usr/bin/hard")?.linkname).toMatch(
      /^(tool|usr\/bin\/tool)$/,
    );
    expect(shown("usr/lib/app/data")).toEqual(["file", "644", 0, 0, "data"]);
    expect(shown("usr/lib64/ld.so")).toEqual(["file", "644", 0, 0, "loader"]);
    expect(shown("var/lib/app")).toEqual(["directory", "2770", 100, 100, ""]);
    expect([...files.keys()].filter((path) => /^(bin|lib|lib64)\//.test(path))).toEqual([]);
    const status = files.get("var/lib/dpkg/status")?.content ?? "";
    expect(status).toContain("Package: app\nStatus: install ok installed\n");
    const md5 = createHash("md5").update("a=1\n").digest("hex");
    expect(status).toContain(`Conffiles:\n /etc/app.conf ${md5}\n`);
    expect(files.get("var/lib/dpkg/info/app.list")?.content).toContain("\n/bin/tool\n");
    expect(files.get("etc/passwd")?.content).toMatch(/^app:x:\d+:\d+::\/var\/lib\/app:\/usr\/sbin\/nologin$/m);
    expect(files.get("etc/shadow")).toMatchObject({ mode: 0o640, gid: 42 });
  });

  test("what their scripts do beyond that is said, once", async () => {
    await using rig = await debianRig([APP, LIB], definitionOf('packages: ["app"]'));
    await rig.lock();
    const first = await rig.build();
    expect(ofType(first, "warning").map(({ message }) => message)).toEqual([
      "These packages may need more than their files, for their scripts are not run: app (setcap)",
    ]);
    expect(ofType(await rig.build(), "warning")).toEqual([]);
  });

  test("what scripts and tmpfiles.d make behind a link lies where the link leads", async () => {
    const base: TestDeb = { name: "base-files", version: "1", files: { run: { type: "directory" } } };
    const server: TestDeb = {
      name: "a-server",
      version: "1",
      files: {
        "usr/lib/tmpfiles.d/server.conf": "d /var/run/declared 0700 root root\n",
        "srv/state": { type: "symlink", linkname: "../var/lib/state" },
        "var/lib/state": { type: "directory" },
      },
      control: { postinst: "#!/bin/sh\nset -e\ninstall -d -m 2775 /var/run/server\nmkdir -p /srv/state/db\n" },
    };
    await using rig = await debianRig([base, server], definitionOf('packages: ["a-server", "base-files"]'));
    await rig.lock();
    const files = await rig.files();
    expect(files.get("var/run")).toMatchObject({ type: "symlink", linkname: "/run" });
    expect(files.get("run/server")).toMatchObject({ type: "directory", mode: 0o2775 });
    expect(files.get("run/declared")).toMatchObject({ type: "directory", mode: 0o700 });
    expect(files.get("var/lib/state/db")).toMatchObject({ type: "directory" });
    expect([...files.keys()].filter((path) => /^(?:var\/run|srv\/state)\//.test(path))).toEqual([]);
  });

  test("documentation and files by pattern are left out, and dpkg does not miss them", async () => {
    const left = 'packages: ["app"], documentation: false, exclude: ["/usr/lib/app", "**/*.conf"]';
    await using rig = await debianRig([APP, LIB], definitionOf(left));
    await rig.lock();
    const files = await rig.files();
    const gone = ["usr/share/doc/app/README", "usr/share/man/man1/app.1.gz", "usr/lib/app/data", "etc/app.conf"];
    expect(gone.filter((path) => files.has(path))).toEqual([]);
    expect(files.get("usr/share/doc/app/copyright")?.content).toBe("free");
    const text = (name: string) => files.get(`var/lib/dpkg/info/app.${name}`)?.content ?? "";
    expect(text("list")).not.toMatch(/README|man1|^\/lib\/app|app\.conf/m);
    expect(text("md5sums")).toBe("0123456789abcdef0123456789abcdef  bin/tool\n");
    expect(files.get("var/lib/dpkg/status")?.content).not.toContain("app.conf");
  });

  test("of one file, that of the package with Replaces stays; without it both are named", async () => {
    const fields = ["Replaces: lib (<< 3)"];
    const mine = {
      ...APP,
      fields: [...(APP.fields ?? []), ...fields],
      files: { "usr/lib/lib.so": "mine" },
      members: [],
    };
    await using rig = await debianRig([mine, LIB], definitionOf('packages: ["app"]'));
    await rig.lock();
    const files = await rig.files();
    expect(files.get("usr/lib/lib.so")?.content).toBe("mine");
    expect(files.get("var/lib/dpkg/info/lib.list")?.content).not.toContain("lib.so");
    await rig.mirror.publish("stable", [{ ...mine, version: "1.1", fields: APP.fields ?? [] }, LIB]);
    await rig.lock("--update", "app");
    expect(await failing(rig)).toMatch(
      /^2 [\s\S]*"app 1\.1" and "lib 2" into one image: both have "\/usr\/lib\/lib\.so"/,
    );
  });

  test("lie in a layer of their own each, and a version bump builds one package and its layer", async () => {
    const layered = definitionOf('packages: ["app"]').replace("default buildImage", "default buildLayeredImage");
    await using rig = await debianRig([APP, LIB], layered);
    await rig.lock();
    expect(builtKinds(await rig.build())).toEqual(["debPackage", "debPackage", "debSystem", "image", "layerSet"]);
    await rig.mirror.publish("stable", [APP, { ...LIB, version: "2.1" }]);
    await rig.lock("--update", "lib");
    expect(builtKinds(await rig.build())).toEqual(["debPackage", "debSystem", "image", "layerSet"]);
    expect(rig.mirror.fetched()).toHaveLength(3);
  });
});

describe("fetching packages", () => {
  test("happens once: the second build is offline, also when all is built anew", async () => {
    await using rig = await debianRig([APP, LIB], definitionOf('packages: ["app"]'));
    await rig.lock();
    await rig.build();
    expect(rig.mirror.fetched()).toHaveLength(2);
    await rig.mirror.server.close();
    expect(builtKinds(await rig.build())).toEqual([]);
    expect(builtKinds(await rig.build("--force"))).toContain("debPackage");
  });

  test("survives a mirror that stumbles", async () => {
    await using rig = await debianRig([APP, LIB], definitionOf('packages: ["app"]'));
    await rig.lock();
    rig.mirror.server.fail(rig.mirror.pathOf(APP), { kind: "status", status: 503 }, 1);
    rig.mirror.server.fail(rig.mirror.pathOf(LIB), { kind: "truncate", bytes: 100 }, 1);
    await rig.build();
    expect(rig.mirror.fetched()).toHaveLength(4);
  });

  test("of a tampered package, one that is gone, and one that says it is another, keeps nothing", async () => {
    await using rig = await debianRig([APP, LIB], definitionOf('packages: ["app"]'));
    await rig.lock();
    rig.mirror.server.fail(rig.mirror.pathOf(LIB), { kind: "wrong-bytes" }, 1);
    expect(await failing(rig)).toMatch(/^4 [\s\S]*"lib 2"[\s\S]*wanted/);
    rig.mirror.server.fail(rig.mirror.pathOf(LIB), { kind: "status", status: 404 }, 1);
    const gone = await failing(rig);
    expect(gone).toMatch(/^1 [\s\S]*"lib 2": the mirror no longer has "pool\/main\/lib_2_amd64\.deb" of "stable"/);
    expect(gone).toContain("imgbuild lock --update lib");
    await rig.build();
    expect(debris(rig)).toEqual([]);
  });

  test.each([
    ["leaves its root", [["./../../etc/x", "x"]], 2, "leaves the package"],
    [
      "goes through its own link",
      [
        ["./a", { type: "symlink", linkname: "/etc" }],
        ["./a/x", "x"],
      ],
      2,
      "through the symlink",
    ],
    ["has a device", [["./dev/sda", { type: "block", devMajor: 8 }]], 1, "it is a block"],
    ["has a name that deletes", [["./usr/.wh.x", "x"]], 1, "its name means deletion"],
    [
      "has a file twice on a merged /usr",
      [
        ["./bin/x", "1"],
        ["./usr/bin/x", "2"],
      ],
      1,
      "on a merged /usr",
    ],
  ] as const)("a package that %s is refused, and nothing of it is kept", async (_what, members, code, message) => {
    const bad: TestDeb = { name: "bad", version: "1", members: members as unknown as NonNullable<TestDeb["members"]> };
    await using rig = await debianRig([bad], definitionOf('packages: ["bad"]'));
    await rig.lock();
    const said = await failing(rig);
    expect(said).toMatch(new RegExp(`^${code} `));
    expect(said).toContain(message);
    expect(said).not.toContain("    at ");
    expect(debris(rig)).toEqual([]);
  });

  test("that is cancelled goes on where it was", async () => {
    const big: TestDeb = { name: "big", version: "1", files: { "usr/share/big": noise(2 << 20) } };
    await using rig = await debianRig([big], definitionOf('packages: ["big"]'));
    await rig.lock();
    const path = rig.mirror.pathOf(big);
    rig.mirror.server.fail(path, { kind: "stall", bytes: 1 << 20 }, 1);
    const running = rig.workspace.spawn(["build", "//images/app"], { env: rigEnv(rig) });
    while (!readsPartial(rig)) await new Promise((resolve) => setTimeout(resolve, 20));
    running.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
    await rig.build();
    const last = rig.mirror.server.requests.filter(({ url }) => url === path).at(-1);
    expect(last?.headers.range).toMatch(/^bytes=\d{4,}-$/);
  });
});

function rigEnv({ mirror, workspace }: DebianRig): Record<string, string> {
  return {
    IMGBUILD_DEBIAN_MIRROR: mirror.url,
    IMGBUILD_DEBIAN_KEYRINGS: join(workspace.outside, "archive.gpg"),
    no_proxy: "*",
  };
}

/** Whether a part of a download is on the disk. */
function readsPartial({ workspace }: DebianRig): boolean {
  const directory = join(workspace.cacheDir, "downloads");
  try {
    const all = readdirSync(directory, { recursive: true, encoding: "utf8" });
    return all.some((path) => path.endsWith(".partial") && statSync(join(directory, path)).size > 10_000);
  } catch {
    return false;
  }
}

/** Bytes that gzip cannot make smaller. */
function noise(size: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

test("the same lock gives the same bytes in another place, for another user's umask", async () => {
  await using rig = await debianRig([APP, LIB], definitionOf('packages: ["app"]'));
  await rig.lock();
  const digest = async () => ofType(await rig.build(), "target.done").map((event) => event.digest);
  const first = await digest();
  rmSync(rig.workspace.cacheDir, { recursive: true });
  const other = rig.workspace.copy();
  await using _other = other;
  const result = await other.run(["build", "//images/app", "--json", "-j1"], {
    env: { ...rigEnv(rig), TZ: "Asia/Tokyo", LC_ALL: "tr_TR.UTF-8" },
    umask: 0o077,
  });
  expect(ofType(result, "target.done").map((event) => event.digest)).toEqual(first);
});

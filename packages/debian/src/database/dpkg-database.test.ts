import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describeWithTools } from "@imgbuild/testkit";
import { readDeb } from "../deb/read-deb.ts";
import { controlOf, makeDeb } from "../testing/make-deb.ts";
import { collect, inPieces } from "../testing/streams.ts";
import { DPKG_DIRECTORIES, dpkgDatabase } from "./dpkg-database.ts";
import type { InstalledPackage } from "./installed-package.ts";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
const DEMO = {
  control: controlOf("Multi-Arch: same\nHomepage: https://mirror.example\nDepends: other\n"),
  controlFiles: {
    conffiles: "/etc/demo.conf\n",
    md5sums: `${md5("hi")}  usr/bin/demo\n`,
    postinst: "#!/bin/sh\n",
    triggers: "",
    list: "/etc/shadow\n",
  },
  data: [
    { path: "etc", type: "directory" as const, mode: 0o755 },
    { path: "etc/demo.conf", text: "a=1\n" },
    { path: "usr", type: "directory" as const, mode: 0o755 },
    { path: "usr/bin", type: "directory" as const, mode: 0o755 },
    { path: "usr/bin/demo", text: "hi" },
  ],
};
const OTHER = { control: controlOf().replace("demo", "other").replace("amd64", "all"), data: [] };

async function install(deb: Buffer, root?: string): Promise<InstalledPackage> {
  const { control, data } = await readDeb(inPieces(deb), { what: "x" });
  const paths: string[] = [];
  const conffileMd5 = new Map<string, string>();
  for await (const { header, content } of data) {
    paths.push(header.path);
    const bytes = await collect(content);
    if (control.conffiles.includes(`/${header.path}`)) conffileMd5.set(`/${header.path}`, md5(bytes.toString()));
    if (root === undefined) continue;
    if (header.type === "directory") mkdirSync(join(root, header.path), { recursive: true });
    else writeFileSync(join(root, header.path), bytes);
  }
  return { control, paths, conffileMd5 };
}

const demo = (): Buffer => makeDeb(DEMO);

describe("the database", () => {
  test("has status, lists and the packages' own files, and does not depend on their order", async () => {
    const packages = [await install(demo()), await install(makeDeb(OTHER))];
    const files = dpkgDatabase(packages);
    expect(files.map(({ path }) => path.replace("var/lib/dpkg/", ""))).toEqual([
      "available",
      "diversions",
      "info/demo:amd64.conffiles",
      "info/demo:amd64.list",
      "info/demo:amd64.md5sums",
      "info/demo:amd64.postinst",
      "info/demo:amd64.triggers",
      "info/format",
      "info/other.list",
      "info/other.md5sums",
      "statoverride",
      "status",
    ]);
    const text = (name: string) => files.find(({ path }) => path === `var/lib/dpkg/${name}`)?.content.toString();
    expect(text("info/demo:amd64.list")).toBe("/.\n/etc\n/etc/demo.conf\n/usr\n/usr/bin\n/usr/bin/demo\n");
    expect(text("info/other.list")).toBe("/.\n");
    expect(text("status")?.split("\n\n")[0]).toBe(
      [
        "Package: demo",
        "Status: install ok installed",
        "Maintainer: Nobody <nobody@mirror.example>",
        "Architecture: amd64",
        "Multi-Arch: same",
        "Version: 1.0",
        "Depends: other",
        "Conffiles:",
        ` /etc/demo.conf ${md5("a=1\n")}`,
        "Description: a demo",
        "Homepage: https://mirror.example",
      ].join("\n"),
    );
    expect(files.find(({ path }) => path.endsWith(".postinst"))?.mode).toBe(0o755);
    expect(dpkgDatabase([...packages].reverse())).toEqual(files);
  });

  test("in the style of distroless has a file a package", async () => {
    const files = dpkgDatabase([await install(demo())], { style: "status.d" });
    expect(files.map(({ path }) => path)).toEqual(["var/lib/dpkg/status.d/demo", "var/lib/dpkg/status.d/demo.md5sums"]);
    expect(files[0]?.content.toString()).toMatch(/^Package: demo\nStatus: install ok installed\n/);
  });

  test("of nothing is an empty status", () => {
    expect(dpkgDatabase([]).find(({ path }) => path.endsWith("/status"))?.content).toHaveLength(0);
  });

  test("one package twice is a conflict", async () => {
    const other = await install(makeDeb(OTHER));
    expect(() => dpkgDatabase([other, other])).toThrow('Cannot install package "other" twice');
  });

  test("a path with a newline is refused", async () => {
    const installed = { ...(await install(makeDeb(OTHER))), paths: ["a\n/etc/passwd"] };
    expect(() => dpkgDatabase([installed])).toThrow("has a newline");
  });

  test("a control archive with a path is refused before it gets here", async () => {
    await expect(install(makeDeb({ ...DEMO, controlFiles: { "sub/evil": "x" } }))).rejects.toMatchObject({
      code: "invalid-archive",
    });
  });
});

describeWithTools(["dpkg", "dpkg-query"], "dpkg as judge of the database", () => {
  let root: string;
  const ask = (tool: string, ...args: readonly string[]) => {
    const where = tool === "dpkg" ? `--root=${root}` : `--admindir=${join(root, "var/lib/dpkg")}`;
    const run = spawnSync(tool, [where, ...args], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
    return `${run.stdout}${run.stderr}`;
  };
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "imgbuild-dpkg-"));
    const packages = [await install(demo(), root), await install(makeDeb(OTHER), root)];
    for (const path of DPKG_DIRECTORIES) mkdirSync(join(root, path), { recursive: true });
    for (const { path, content, mode } of dpkgDatabase(packages)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content, { mode });
    }
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test("it lists packages, their files, and who has a file", () => {
    expect(
      ask(
        "dpkg-query",
        "-W",
        "-f",
        ["binary:Package", "Version", "Status"]
          .map((field) => `$\{${field}}`)
          .join(" ")
          .concat("\n"),
      ),
    ).toBe("demo:amd64 1.0 install ok installed\nother 1.0 install ok installed\n");
    expect(ask("dpkg-query", "-L", "demo:amd64")).toContain("/usr/bin/demo");
    expect(ask("dpkg-query", "-S", "/usr/bin/demo")).toBe("demo:amd64: /usr/bin/demo\n");
    expect(ask("dpkg", "--audit")).toBe("");
  });

  test("it finds nothing wrong, and then what was changed", () => {
    expect(ask("dpkg", "-V")).toBe("");
    writeFileSync(join(root, "usr/bin/demo"), "changed");
    writeFileSync(join(root, "etc/demo.conf"), "changed");
    expect(ask("dpkg", "-V").trim().split("\n").sort()).toEqual([
      "??5??????   /usr/bin/demo",
      "??5?????? c /etc/demo.conf",
    ]);
  });
});

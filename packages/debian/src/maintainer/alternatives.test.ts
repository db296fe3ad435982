import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describeWithTools } from "@imgbuild/testkit";
import { alternativesOf, installAlternatives } from "./alternatives.ts";
import { mergedUsrLinks, mergedUsrPath } from "./merged-usr.ts";
import { shellCommands } from "./shell/run.ts";

const MAWK = `#!/bin/sh
set -e
if [ "$1" = "configure" ]; then
        update-alternatives --quiet --install /usr/bin/awk awk /usr/bin/mawk 5 \\
            --slave /usr/share/man/man1/awk.1.gz awk.1.gz /usr/share/man/man1/mawk.1.gz \\
            --slave /usr/bin/nawk nawk /usr/bin/mawk || true
fi
`;
const GAWK = "update-alternatives --install /usr/bin/awk awk /usr/bin/gawk 10 --slave /usr/bin/nawk nawk /usr/bin/gawk";
const of = (script: string) => alternativesOf(shellCommands(script), "demo");
const both = [...of(MAWK).alternatives, ...of(GAWK).alternatives];
const links = (exists: readonly string[]) =>
  installAlternatives(both, (path) => exists.includes(path)).links.map(({ path, target }) => `${path} → ${target}`);

describe("alternatives in maintainer scripts", () => {
  test("are read with their slaves", () => {
    expect(of(MAWK)).toEqual({
      complete: true,
      alternatives: [
        {
          package: "demo",
          link: "/usr/bin/awk",
          name: "awk",
          path: "/usr/bin/mawk",
          priority: 5,
          slaves: [
            { link: "/usr/share/man/man1/awk.1.gz", name: "awk.1.gz", path: "/usr/share/man/man1/mawk.1.gz" },
            { link: "/usr/bin/nawk", name: "nawk", path: "/usr/bin/mawk" },
          ],
        },
      ],
    });
  });

  test.each([
    'update-alternatives --install "$BIN"/x x /usr/bin/y 5',
    "update-alternatives --install /usr/bin/x x /usr/bin/y $PRIORITY",
    "update-alternatives --install /usr/../x x /usr/bin/y 5",
    "update-alternatives --install /usr/bin/x ../x /usr/bin/y 5",
    "update-alternatives --install usr/bin/x x /usr/bin/y 5",
    "update-alternatives --install /usr/bin/x x /usr/bin/y 5 --slave /a",
  ])("%j cannot be read off, and is said to be so", (script) => {
    expect(of(script)).toEqual({ alternatives: [], complete: false });
  });

  test("removals and other mentions are none", () => {
    expect(of("update-alternatives --remove awk /usr/bin/mawk\n# update-alternatives --install /a b /c 1\n")).toEqual({
      alternatives: [],
      complete: true,
    });
  });
});

describe("links of alternatives", () => {
  test("lead to the choice of the highest priority, with slaves whose files are there", () => {
    expect(links(["/usr/bin/mawk"])).toEqual([
      "etc/alternatives/awk → /usr/bin/mawk",
      "etc/alternatives/nawk → /usr/bin/mawk",
      "usr/bin/awk → /etc/alternatives/awk",
      "usr/bin/nawk → /etc/alternatives/nawk",
    ]);
    expect(links(["/usr/bin/mawk", "/usr/bin/gawk"])[0]).toBe("etc/alternatives/awk → /usr/bin/gawk");
    expect(links([])).toEqual([]);
  });

  test("never take the place of a file", () => {
    expect(links(["/usr/bin/mawk", "/usr/bin/awk"])).not.toContain("usr/bin/awk → /etc/alternatives/awk");
  });
});

describeWithTools(["update-alternatives"], "update-alternatives as judge of the record", () => {
  test("it reads the choices, their slaves, and which is best", () => {
    const root = mkdtempSync(join(tmpdir(), "imgbuild-alternatives-"));
    try {
      const exists = (path: string): boolean =>
        ["/usr/bin/mawk", "/usr/bin/gawk", "/usr/share/man/man1/mawk.1.gz"].includes(path);
      for (const { path, content } of installAlternatives(both, exists).files) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content);
      }
      const admin = join(root, "var/lib/dpkg/alternatives");
      const run = spawnSync(
        "update-alternatives",
        ["--altdir", join(root, "etc"), "--admindir", admin, "--query", "awk"],
        { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } },
      );
      expect(run.stderr.replace(/^.*(?:missing|removing|registered).*\n/gim, "")).not.toMatch(/corrupt|unexpected/);
      expect(`${run.stdout}${run.stderr}`).toContain("Status: auto");
      expect(run.stdout).toMatch(/Slaves:\n awk\.1\.gz .*\n nawk \/usr\/bin\/nawk\n/);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe("a merged /usr", () => {
  test.each([
    ["bin/sh", "usr/bin/sh"],
    ["lib", "usr/lib"],
    ["lib64/ld.so", "usr/lib64/ld.so"],
    ["usr/bin/sh", "usr/bin/sh"],
    ["libexec/x", "libexec/x"],
    ["etc/bin/x", "etc/bin/x"],
  ])("%s lies at %s", (path, merged) => {
    expect(mergedUsrPath(path)).toBe(merged);
  });

  test("has its links, lib64 only where something is in it", () => {
    expect(mergedUsrLinks(["usr/bin/x"]).map(({ path, target }) => `${path} ${target}`)).toEqual([
      "bin usr/bin",
      "lib usr/lib",
      "sbin usr/sbin",
    ]);
    expect(mergedUsrLinks(["lib64/ld.so"]).map(({ path }) => path)).toEqual(["bin", "lib", "lib64", "sbin"]);
    expect(mergedUsrLinks(["usr/lib64/ld.so"]).map(({ path }) => path)).toContain("lib64");
    expect(mergedUsrLinks(["opt/lib64/x", "usr/share/lib64"]).map(({ path }) => path)).not.toContain("lib64");
  });
});

import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { findTool } from "@imgbuild/testkit";
import { PackagePool } from "../archive/package-pool.ts";
import { PackagesIndex } from "../archive/packages-index.ts";
import { resolve } from "./resolve.ts";

const HELPER = "/usr/lib/apt/apt-helper";
const FORMAT = "$(FILENAME)|$(RELEASE)|$(COMPONENT)|$(ARCHITECTURE)|$(CREATED_BY)";
const SAMPLE = ["nginx", "redis-server", "python3", "curl", "git", "ffmpeg"];
const MORE =
  "postgresql-15 ca-certificates nodejs openjdk-17-jre-headless ruby php-cli sqlite3 mariadb-server memcached haproxy busybox coreutils imagemagick apache2 golang-go openssh-server gnome-shell build-essential";

/** Where apt and we may differ, and why. Empty: on Debian 12 of July 2026 with updates and security there is nothing. */
const DIFFERENCES: Readonly<Record<string, readonly string[]>> = {};

function listFiles(): readonly (readonly string[])[] {
  if (findTool("apt-get") === undefined || !existsSync(HELPER)) return [];
  const run = spawnSync("apt-get", ["indextargets", "--format", FORMAT], { encoding: "utf8" });
  return run.stdout
    .split("\n")
    .filter((line) => line.endsWith("|Packages"))
    .map((line) => line.split("|"))
    .filter(([file = ""]) => existsSync(file));
}

/** What apt would install into a system without any package. */
async function askApt(name: string): Promise<readonly string[]> {
  const empty = ["-o", "Dir::State::status=/dev/null", "-o", "Dir::State::extended_states=/dev/null"];
  const args = [...empty, "-s", "--no-install-recommends", "install", name];
  const { stdout } = await promisify(execFile)("apt-get", args, {
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: 2 ** 26,
  });
  return [...stdout.matchAll(/^Inst (\S+) \((\S+)/gm)].map(
    ([, of = "", version]) => `${of.replace(/:.*/, "")}=${version}`,
  );
}

const lists = listFiles();
const names = process.env.IMGBUILD_REQUIRE_TOOLS === "1" ? [...SAMPLE, ...MORE.split(" ")] : SAMPLE;

(lists.length === 0 ? describe.skip : describe)(
  `apt as judge${lists.length === 0 ? " [skipped: this machine has no lists of packages, run apt-get update]" : ""}`,
  () => {
    let pool: PackagePool;
    beforeAll(() => {
      const indexes = lists.map(([file = "", suite = "", component = "", architecture = ""]) => {
        const text = spawnSync(HELPER, ["cat-file", file], { maxBuffer: 2 ** 30 }).stdout;
        return { index: new PackagesIndex(text, { suite, component, architecture }) };
      });
      pool = new PackagePool(indexes);
    });

    test.each(names)("%s: the same packages in the same versions", async (name) => {
      if (pool.candidates(name).length === 0) return;
      const ours = resolve({ pool, request: [name] }).packages.map(({ entry }) => `${entry.name}=${entry.version}`);
      const judged = await askApt(name);
      expect(judged.length).toBeGreaterThan(0);
      const different = [
        ...judged.filter((item) => !ours.includes(item)),
        ...ours.filter((item) => !judged.includes(item)),
      ];
      expect(different.sort()).toEqual(DIFFERENCES[name] ?? []);
    });
  },
);

import { spawnSync } from "node:child_process";
import { describeWithTools, findTool } from "@imgbuild/testkit";
import { PackagePool } from "../archive/package-pool.ts";
import { PackagesIndex } from "../archive/packages-index.ts";
import { resolve } from "./resolve.ts";

const CAT = "/usr/lib/apt/apt-helper";
test("x", () => {
    const targets = spawnSync("apt-get", ["indextargets", "--format", "$(FILENAME)|$(RELEASE)|$(COMPONENT)|$(ARCHITECTURE)|$(CREATED_BY)"], { encoding: "utf8" }).stdout.trim().split("\n");
    const indexes = targets.filter((l) => l.endsWith("|Packages")).map((l) => {
      const [file = "", suite = "", component = "", architecture = ""] = l.split("|");
      const text = spawnSync(CAT, ["cat-file", file], { maxBuffer: 2 ** 30 }).stdout;
      const t0 = performance.now();
      const index = new PackagesIndex(text, { suite, component, architecture });
      console.log(suite, index.size, performance.now() - t0);
      return { index };
    });
    const pool = new PackagePool(indexes);
    for (const name of "nginx redis-server postgresql-15 python3 curl ca-certificates nodejs git openjdk-17-jre-headless ruby php-cli sqlite3 mariadb-server memcached haproxy busybox coreutils imagemagick ffmpeg default-mta apache2 golang-go openssh-server gnome-shell texlive-latex-base bash build-essential".split(" ")) {
      const got0 = spawnSync("apt-get", ["-o", "Dir::State::status=/dev/null", "-o", "Dir::State::extended_states=/dev/null", "-s", "--no-install-recommends", "install", name], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
      const apt = new Set([...got0.stdout.matchAll(/^Inst (\S+) \((\S+)/gm)].map((m) => `${m[1]}=${m[2]}`));
      const t = performance.now();
      let ours: Set<string>; let notes = "";
      try { const r = resolve({ pool, request: [name] }); ours = new Set(r.packages.map((p) => `${p.entry.name}=${p.entry.version}`)); notes = r.notes.map(n=>n.message).join("\n   ");} catch (e) { console.log(name, String(e), got0.stderr); continue; }
      const ms = performance.now() - t;
      console.log(name, "apt", apt.size, "ours", ours.size, ms.toFixed(1), "\n+apt", [...apt].filter((x) => !ours.has(x)).join(" "), "\n+ours", [...ours].filter((x) => !apt.has(x)).join(" "), "\n  ", notes);
    }
});

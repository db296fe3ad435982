import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DockerResult } from "./dockerd.ts";
import { findTool } from "./tools.ts";

/** Podman with images of its own. */
export interface Podman {
  /** Runs `podman ARGS`. */
  podman(args: readonly string[]): DockerResult;
  /** Runs `podman run --rm ARGS` with what machines without full rights need. */
  run(args: readonly string[]): DockerResult;
  /** Removes all that it had. */
  remove(): void;
}

/** Podman on a directory of its own; containers are run by runc, which works where cgroups are mixed. */
export function startPodman(): Podman {
  const dir = mkdtempSync(join(tmpdir(), "ibp-"));
  const own = [
    ["--root", join(dir, "root")],
    ["--runroot", join(dir, "run")],
    ["--tmpdir", join(dir, "tmp")],
    ["--events-backend", "none"],
    ["--cgroup-manager", "cgroupfs"],
    ["--runtime", "runc"],
  ].flat();
  const podman = (args: readonly string[]): DockerResult => {
    const done = spawnSync(findTool("podman") ?? "podman", [...own, ...args], { encoding: "utf8", maxBuffer: 1 << 28 });
    return { status: done.status, stdout: done.stdout, stderr: done.stderr };
  };
  const limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000", "--network", "none"];
  return {
    podman,
    run: (args) => podman(["run", "--rm", ...limits, ...args]),
    remove: () => {
      podman(["rm", "--all", "--force"]);
      const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
      const ours = mounts.flatMap((line) => line.split(" ")[1] ?? []).filter((point) => point.startsWith(`${dir}/`));
      for (const point of ours.reverse()) spawnSync("umount", ["-l", point]);
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

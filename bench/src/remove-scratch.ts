import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";

/** Removes a directory, and first what a peer that was killed left mounted below it. */
export function removeScratch(directory: string): void {
  for (const mount of mountsBelow(directory)) spawnSync("umount", [mount]);
  rmSync(directory, { recursive: true, force: true });
}

/** Deepest first. */
function mountsBelow(directory: string): string[] {
  const table = readFileSync("/proc/self/mounts", "utf8");
  const points = table.split("\n").map((line) => line.split(" ")[1] ?? "");
  return points
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((point) => point.startsWith(`${directory}/`))
    .sort()
    .reverse();
}

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { CliResult, WorkspaceRig } from "@imgbuild/testkit";

/** The files of an image of a workspace, as a tar that is written beside it. */
export interface Rootfs {
  /** `-rwxr-xr-x 0/0 path` and ` -> target` for a link: as `tar -tv` lists them, without sizes and times; sorted by path. */
  readonly listing: readonly string[];
  /** The text of a file. */
  content(path: string): string;
}

/** Builds a target and reads its root file system. Fails the test when the build fails. */
export async function rootfsOf(rig: WorkspaceRig, label = "//app", ...flags: readonly string[]): Promise<Rootfs> {
  const file = join(rig.outside, `rootfs${label.replace(/\W/g, "-")}.tar`);
  const result = await rig.run(["build", label, "-o", file, "--format", "rootfs", ...flags]);
  expect({ code: result.code, stderr: result.code === 0 ? "" : result.stderr }).toEqual({ code: 0, stderr: "" });
  const text = execFileSync("tar", ["-tvf", file, "--numeric-owner", "--utc", "--quoting-style=literal"], {
    encoding: "utf8",
  });
  return {
    listing: text
      .trim()
      .split("\n")
      .map((line) => line.replace(/^(\S+) (\S+) +\d+ \S+ \S+ \.\//, "$1 $2 "))
      .sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1)),
    content: (path) => execFileSync("tar", ["-xOf", file, `./${path}`], { encoding: "utf8" }),
  };
}

function pathOf(line: string): string {
  return line.replace(/^\S+ \S+ /, "");
}

/** Kinds of the steps that a run with --json built, sorted. */
export function builtKinds(result: CliResult): readonly string[] {
  const steps = result.events.filter((event) => event.type === "step.end" && event.result === "built");
  return steps.map((event) => String(event.kind)).sort();
}

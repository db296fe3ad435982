import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { timeProcess } from "./run-process.ts";
import type { Contender, SuiteContext } from "./suite.ts";
import { BUILD_SCRIPT } from "./trees/fleet.ts";

/**
 * `turbo run build` on a fleet in which everything is cached. Its first run would start npm once a package, minutes for a
 * thousand: a stand-in on its PATH does what npm would, and is not there when turbo is measured.
 */
export function turboNoOp(name: "turbo" | "turbo-native", directory: string, context: SuiteContext): Contender {
  const cache = join(context.scratch, name);
  const command = {
    program: context.tools.path(name),
    args: ["run", "build", "--output-logs=none", `--cache-dir=${cache}`],
    cwd: directory,
  };
  let warm = false;
  return {
    name,
    prepare: async () => {
      if (warm) return;
      warm = true;
      await timeProcess({ ...command, env: { PATH: `${quickNpm(context.scratch)}:${process.env.PATH ?? ""}` } });
    },
    run: () => timeProcess(command),
  };
}

/** A directory whose `npm` runs the one script that packages of a fleet have. */
function quickNpm(scratch: string): string {
  const npm = join(scratch, "bin", "npm");
  mkdirSync(dirname(npm), { recursive: true });
  writeFileSync(npm, `#!/bin/sh\n[ "$1" = --version ] && exec echo 11.0.0\n${BUILD_SCRIPT}\n`);
  chmodSync(npm, 0o755);
  return dirname(npm);
}

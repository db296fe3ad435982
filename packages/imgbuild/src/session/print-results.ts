import type { BuiltTarget } from "./build-targets.ts";
import type { Session } from "./session.ts";

/** Writes one line a target to stdout: label, reference, digest. With `--json` the events say it. */
export function printResults({ host, flags }: Session, targets: readonly BuiltTarget[]): void {
  if (flags.json) return;
  for (const { target, reference, digest } of targets) {
    host.stdout.write(`${[target.label, reference, digest].filter((part) => part !== "").join("  ")}\n`);
  }
}

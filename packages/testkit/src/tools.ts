import { spawnSync } from "node:child_process";

/** Path of an external program, or undefined when it is not installed. */
export function findTool(name: string): string | undefined {
  const found = spawnSync("sh", ["-c", `command -v ${name}`], {
    encoding: "utf8",
    env: { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` },
  });
  const path = found.stdout.trim();
  return found.status === 0 && path !== "" ? path : undefined;
}

/**
 * `describe` when every tool is installed; otherwise a skipped `describe` whose title names what is missing.
 * With `IMGBUILD_REQUIRE_TOOLS=1` a missing tool is a failing test.
 */
export function describeWithTools(tools: readonly string[], title: string, body: () => void): void {
  const missing = tools.filter((tool) => findTool(tool) === undefined);
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  if (process.env.IMGBUILD_REQUIRE_TOOLS === "1") {
    describe(title, () => {
      test(`needs ${missing.join(", ")}`, () => {
        throw new Error(`Missing tools: ${missing.join(", ")}`);
      });
    });
    return;
  }
  describe.skip(`${title} [skipped: needs ${missing.join(", ")}]`, body);
}

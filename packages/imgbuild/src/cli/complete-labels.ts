import { discover, findWorkspace } from "@imgbuild/loader";
import { COMMANDS } from "./commands.ts";
import type { Host } from "../host.ts";

/** Completions of a word: commands in the first place, else labels of the workspace that begin so. Never throws. */
export async function completeLabels(
  current: string,
  argv: Readonly<Record<string, unknown>>,
  host: Host,
): Promise<string[]> {
  const words = argv._ as readonly string[] | undefined;
  // The first word is our own name, the second the command.
  if ((words?.length ?? 0) <= 2 && !current.includes("/")) {
    const commands = COMMANDS.map((spec) => spec.usage.split(" ")[0] ?? "");
    return [...commands, "completion"].filter((command) => command.startsWith(current));
  }
  try {
    const workspaceRoot = findWorkspace(host.cwd);
    const labels = discover({ workspaceRoot, cacheDir: "cache" }, "").map((dir) => `//${dir}`);
    return labels.filter((label) => label.startsWith(current));
  } catch {
    return [];
  }
}

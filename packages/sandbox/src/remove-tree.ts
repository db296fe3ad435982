import { rmSync } from "node:fs";
import { fromUnknown, ImgbuildError, systemCode } from "@imgbuild/errors";
import type { Abilities } from "./abilities.ts";
import { mappedCommand } from "./mapped-command.ts";

/**
 * Removes a directory whose files may belong to the mapped ids, links never followed. Nothing happens when it is absent. The
 * path must be absolute. Throws `io`.
 */
export async function removeTree(abilities: Abilities, path: string): Promise<void> {
  try {
    rmSync(path, { recursive: true, force: true });
    return;
  } catch (error) {
    if (abilities.mode === "root" || !["EACCES", "EPERM"].includes(systemCode(error) ?? "")) {
      throw fromUnknown(error, `Cannot remove "${path}"`);
    }
  }
  const script = 'chmod -R u+rwX "$1" 2>/dev/null; rm -rf -- "$1"';
  const end = await mappedCommand(abilities, [abilities.tool("sh") ?? "sh", "-c", script, "sh", path], {
    signal: new AbortController().signal,
    cwd: "/",
  });
  if (end.code !== 0) throw new ImgbuildError("io", `Cannot remove "${path}": ${end.stderr}`);
}

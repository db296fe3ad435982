import { ImgbuildError } from "@imgbuild/errors";
import type { ChangedFile } from "@imgbuild/sandbox";
import { parentOf } from "../tree/follow-links.ts";
import type { Command } from "./command-args.ts";

/**
 * Throws `script-failed` for a symbolic link that leads nowhere in an image: out of the outputs by `..`, or by an absolute path to
 * what is only in the sandbox. Other absolute links are the command's own business.
 */
export function checkLinks(files: ReadonlyMap<string, ChangedFile>, command: Command): void {
  const { workingDirectory, title, shape, outputs } = command;
  const [top] = workingDirectory.slice(1).split("/");
  const inSandbox = ["/.imgbuild", `/${top}`];
  for (const [path, { header }] of files) {
    if (header.type !== "symlink") continue;
    const target = header.linkname;
    const absolute = target.startsWith("/");
    const leaves = absolute
      ? inSandbox.some((place) => target === place || target.startsWith(`${place}/`))
      : escapes(parentOf(path), target);
    if (!leaves) continue;
    const shown = shape === "content" ? [outputs[0], path].filter((part) => part !== "").join("/") : path;
    throw new ImgbuildError(
      "script-failed",
      `Cannot keep the symbolic link "${shown}" of the command "${title}": it leads to "${target}", which is no part of the outputs`,
      { hint: "Let the command copy what the link leads to (cp -L), make it lead inside, or remove it" },
    );
  }
}

function escapes(directory: string, target: string): boolean {
  let depth = directory === "" ? 0 : directory.split("/").length;
  for (const part of target.split("/")) {
    if (part === "..") depth -= 1;
    else if (part !== "" && part !== ".") depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

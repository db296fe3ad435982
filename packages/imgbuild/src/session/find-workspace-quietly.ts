import { resolve } from "node:path";
import { findWorkspace } from "@imgbuild/loader";
import type { Host } from "../host.ts";

/** The workspace of a command line that may be wrong: undefined when there is none. */
export function findWorkspaceQuietly(host: Host): string | undefined {
  const at = host.argv.findIndex((word) => word === "-C" || word === "--cwd");
  try {
    return findWorkspace(resolve(host.cwd, at < 0 ? "." : (host.argv[at + 1] ?? ".")));
  } catch {
    return undefined;
  }
}

import type { ScriptOptions } from "@imgbuild/steps";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { readSecret } from "./read-secret.ts";

/** What scripts of definitions run with. */
export function scriptOptions(
  { user, env, platform, pid, node }: Host,
  { keepFailed }: Pick<Flags, "keepFailed">,
): ScriptOptions {
  return {
    host: { uid: user.uid, gid: user.gid, userName: user.name, path: env.PATH ?? "" },
    platform,
    pid,
    processAlive,
    nodePath: node.path,
    secret: (name) => readSecret(env, name),
    keepFailed,
  };
}

function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of somebody else answers too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashParts } from "@imgbuild/graph";
import type { EvaluationCache } from "@imgbuild/loader";
import type { Host } from "../host.ts";

/**
 * Keeps the evaluated `imgbuild.config.ts` of a workspace in the user's own cache directory: where the store is, is a
 * setting of it. Losing it costs one evaluation; so nothing here ever fails.
 */
export function configCache(host: Host, workspaceRoot: string): EvaluationCache {
  const base = host.env.XDG_CACHE_HOME || (host.env.HOME ? join(host.env.HOME, ".cache") : undefined);
  if (base === undefined) return { get: () => undefined, set: () => undefined };
  const directory = join(base, "imgbuild/config");
  const file = (key: string) =>
    join(directory, `${hashParts("imgbuild.config-file", [workspaceRoot, key]).slice(0, 32)}.json`);
  return {
    get(key) {
      try {
        return readFileSync(file(key), "utf8");
      } catch {
        return undefined;
      }
    },
    set(key, value) {
      try {
        mkdirSync(directory, { recursive: true });
        const temporary = `${file(key)}.${host.pid}`;
        writeFileSync(temporary, value);
        renameSync(temporary, file(key));
      } catch {
        // A home that cannot be written costs an evaluation a run.
      }
    },
  };
}

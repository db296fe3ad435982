import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Host } from "../host.ts";

const DEFAULT_HOST = "unix:///var/run/docker.sock";

/** The Docker daemon that the docker command would talk to: DOCKER_HOST, else the current context, else the usual socket. */
export function dockerHost(host: Host): string {
  if (host.env.DOCKER_HOST) return host.env.DOCKER_HOST;
  const config = host.env.DOCKER_CONFIG ?? join(host.env.HOME ?? "/root", ".docker");
  const context = host.env.DOCKER_CONTEXT ?? textAt(readJson(join(config, "config.json")), ["currentContext"]);
  if (context === undefined || context === "default") return DEFAULT_HOST;
  const id = createHash("sha256").update(context).digest("hex");
  const meta = readJson(join(config, "contexts/meta", id, "meta.json"));
  return textAt(meta, ["Endpoints", "docker", "Host"]) ?? DEFAULT_HOST;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function textAt(value: unknown, keys: readonly string[]): string | undefined {
  let at = value;
  for (const key of keys) at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined;
  return typeof at === "string" && at !== "" ? at : undefined;
}

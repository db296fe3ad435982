import { nearest } from "@imgbuild/graph";
import { joinPath, type Problem } from "./problem.ts";

/** The keys of a container config (Docker image spec v1.3, OCI config.md). */
export const CONFIG_KEYS = [
  "ArgsEscaped",
  "Cmd",
  "CpuShares",
  "Domainname",
  "Entrypoint",
  "Env",
  "ExposedPorts",
  "Healthcheck",
  "Hostname",
  "Labels",
  "Memory",
  "MemorySwap",
  "OnBuild",
  "Shell",
  "StopSignal",
  "StopTimeout",
  "User",
  "Volumes",
  "WorkingDir",
] as const;

/** The keys of a health check. */
export const HEALTHCHECK_KEYS = ["Interval", "Retries", "StartInterval", "StartPeriod", "Test", "Timeout"] as const;

/** Words of Dockerfiles, compose files and other tools → the key that says the same. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  args: "Cmd",
  command: "Cmd",
  cwd: "WorkingDir",
  directory: "WorkingDir",
  dir: "WorkingDir",
  workdir: "WorkingDir",
  workingdirectory: "WorkingDir",
  environment: "Env",
  environmentvariables: "Env",
  expose: "ExposedPorts",
  exposed: "ExposedPorts",
  port: "ExposedPorts",
  ports: "ExposedPorts",
  label: "Labels",
  volume: "Volumes",
  mounts: "Volumes",
  uid: "User",
  domain: "Domainname",
  stopgraceperiod: "StopTimeout",
  healthcheckcmd: "Healthcheck",
  start_period: "StartPeriod",
  command_line: "Test",
};

const HINTS: Readonly<Record<string, string>> = {
  from: "Name the base with the attribute fromImage of buildImage",
  copy: "Place files with the attribute copyToRoot of buildImage",
  add: "Place files with the attribute copyToRoot of buildImage",
  run: "A definition has no build commands: prepare the files and place them with copyToRoot",
  maintainer: 'Use the label "org.opencontainers.image.authors"',
  networkdisabled: "Choose the network when the container is started",
  tty: "Choose a terminal when the container is started",
  attachstdin: "Choose a terminal when the container is started",
};

/** Problems for the keys that do not exist, each naming the right one where there is one. */
export function unknownKeys(keys: readonly string[], allowed: readonly string[], path: string): Problem[] {
  return keys
    .filter((key) => !allowed.includes(key))
    .map((key) => {
      const right = rightKey(key, allowed);
      const hint = right === undefined ? (hintOf(key) ?? `Use only ${allowed.join(", ")}`) : `Write ${right}`;
      const wanted = right === undefined ? "" : `, wanted ${right}`;
      return { path: joinPath(path, key), text: `is no key of a container config${wanted}`, hint };
    });
}

function hintOf(key: string): string | undefined {
  return Object.hasOwn(HINTS, key.toLowerCase()) ? HINTS[key.toLowerCase()] : undefined;
}

function rightKey(key: string, allowed: readonly string[]): string | undefined {
  const folded = key.toLowerCase().replace(/[-_ ]/g, "");
  const same = allowed.find((candidate) => candidate.toLowerCase() === folded);
  if (same !== undefined) return same;
  const known = Object.hasOwn(OTHER_WORDS, folded) ? OTHER_WORDS[folded] : undefined;
  if (known !== undefined && allowed.includes(known)) return known;
  return Object.hasOwn(HINTS, folded) ? undefined : nearest(key, allowed, 1)[0];
}

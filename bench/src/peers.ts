import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { timeProcess, timeShell } from "./run-process.ts";
import type { Contender, SuiteContext } from "./suite.ts";

/** A pipeline of the shell as a contender; undefined when one of its programs is missing. */
export function shellPeer(
  name: string,
  context: SuiteContext,
  script: string,
  cwd: string,
  needs: readonly string[],
): Contender | undefined {
  return context.tools.has(...needs) ? { name, run: () => timeShell(script, cwd) } : undefined;
}

export interface ImagePeer {
  readonly name: string;
  readonly directory: string;
  readonly dockerfile: string;
  /** Starts from nothing each time, in place of from the layers it has. */
  readonly cold: boolean;
  /** The edit that each run builds. */
  readonly prepare?: () => void;
}

/** `docker build` against a daemon of the bench's own. Without buildx that is the classic builder. */
export function dockerBuild(host: string, peer: ImagePeer, context: SuiteContext): Contender {
  const tag = `${peer.name.replace(/[^a-z]+/g, "-")}:bench`;
  const docker = (args: readonly string[]): Promise<number> =>
    timeProcess({
      program: context.tools.path("docker"),
      args: ["--host", host, ...args],
      cwd: peer.directory,
      env: clientOf(context),
    });
  let built = false;
  return {
    name: peer.name,
    once: true,
    prepare: async () => {
      if (peer.cold && built) await docker(["image", "rm", "--force", tag]);
      peer.prepare?.();
    },
    run: async () => {
      const seconds = await docker([
        "build",
        "--quiet",
        ...(peer.cold ? ["--no-cache"] : []),
        "--file",
        peer.dockerfile,
        "--tag",
        tag,
        ".",
      ]);
      built = true;
      return seconds;
    },
    cleanUp: async () => {
      await docker(["image", "rm", "--force", tag]);
    },
  };
}

function clientOf(context: SuiteContext): Record<string, string> {
  return { DOCKER_CONFIG: join(context.scratch, "docker-client"), DOCKER_CLI_HINTS: "false" };
}

/** `buildah bud` on a storage of its own. */
export function buildahBud(peer: ImagePeer, context: SuiteContext): Contender {
  const root = join(context.scratch, `buildah-${peer.cold ? "cold" : "warm"}`);
  const storage = ["--root", join(root, "root"), "--runroot", join(root, "run"), "--storage-driver", "overlay"];
  const buildah = (args: readonly string[]): Promise<number> =>
    timeProcess({ program: context.tools.path("buildah"), args: [...storage, ...args], cwd: peer.directory });
  const build = ["bud", "--quiet", "--isolation", "chroot", peer.cold ? "--no-cache" : "--layers"];
  return {
    name: peer.name,
    once: true,
    prepare: async () => {
      mkdirSync(root, { recursive: true });
      if (peer.cold) await buildah(["rmi", "--all", "--force"]);
      peer.prepare?.();
    },
    run: () => buildah([...build, "--file", peer.dockerfile, "--tag", "bench", "."]),
    cleanUp: async () => {
      await buildah(["rmi", "--all", "--force"]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

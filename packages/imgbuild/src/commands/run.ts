import { spawn } from "node:child_process";
import { ImgbuildError } from "@imgbuild/errors";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { runBuildCommand } from "../session/run-command.ts";
import { loadImages } from "./load.ts";

/** `imgbuild run LABEL -- ARGS`: builds, loads, and hands over to `docker run --rm ARGS IMAGE`; its exit code is ours. */
export async function runRun(flags: Flags, host: Host): Promise<number> {
  if (flags.json) {
    throw new ImgbuildError("usage", "Cannot run with --json: the container writes to stdout too", {
      hint: "Use --progress json, which writes the events to stderr",
    });
  }
  let reference: string | undefined;
  const code = await runBuildCommand(flags, host, {
    name: "run",
    after: async (session, targets) => {
      const [target, ...more] = targets;
      if (target === undefined || more.length > 0) {
        throw new ImgbuildError("usage", `Cannot run ${targets.length} images at once: wanted one`, {
          hint: "Name one label",
        });
      }
      if (target.reference.includes(",")) {
        throw new ImgbuildError(
          "usage",
          `Cannot run "${target.target.label}": it is several images, ${target.reference}`,
          {
            position: target.target.position,
            hint: "Name the label of one of them",
          },
        );
      }
      await loadImages(session, targets);
      reference = target.reference;
      return 0;
    },
  });
  // The session is closed: a container may run for weeks, and the cache must not be in use all that time.
  return code !== 0 || reference === undefined ? code : dockerRun(host, splitArguments(flags.rest), reference);
}

/** What stands before a second `--` is for `docker run`, what stands behind it for the container. */
function splitArguments(rest: readonly string[]): {
  readonly docker: readonly string[];
  readonly command: readonly string[];
} {
  const at = rest.indexOf("--");
  return at < 0 ? { docker: rest, command: [] } : { docker: rest.slice(0, at), command: rest.slice(at + 1) };
}

function dockerRun(
  host: Host,
  args: { readonly docker: readonly string[]; readonly command: readonly string[] },
  reference: string,
): Promise<number> {
  const child = spawn("docker", ["run", "--rm", ...args.docker, reference, ...args.command], {
    stdio: "inherit",
    env: { ...host.env },
  });
  const stop = () => child.kill("SIGTERM");
  host.signal.addEventListener("abort", stop);
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => {
      reject(
        new ImgbuildError("unavailable", "Cannot run the container: the docker command is not installed", {
          hint: "Install docker, or use `imgbuild load`",
          cause,
        }),
      );
    });
    child.on("close", (code, signal) => {
      host.signal.removeEventListener("abort", stop);
      resolve(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CliResult,
  type Dockerd,
  type DockerResult,
  findTool,
  type Podman,
  type SavedImage,
  savedImages,
  startDockerd,
  startPodman,
  type WorkspaceRig,
  workspaceRig,
} from "@imgbuild/testkit";

/** Programs that the acceptance cases of dockerTools need. */
export const DOCKER_TOOLS = ["dockerd", "docker", "podman", "runc", "busybox"] as const;

/** A workspace whose targets are loaded into Docker and Podman. */
export interface DockerToolsRig {
  readonly rig: WorkspaceRig;
  readonly docker: Dockerd;
  readonly podman: Podman;
  /** Runs `imgbuild ARGS`, which must end well. */
  imgbuild(...args: readonly string[]): Promise<CliResult>;
  /** Runs `imgbuild build LABEL`, which must fail; gives what it says. */
  refusal(label: string): Promise<string>;
  /** Builds a target, loads it into both, and gives its reference. */
  load(label: string): Promise<string>;
  /** Runs a container in both; they must agree. */
  run(reference: string, ...command: readonly string[]): DockerResult;
  /** The same with flags of `docker run`. */
  runWith(flags: readonly string[], reference: string, ...command: readonly string[]): DockerResult;
  /** The image of a target, taken apart. */
  saved(label: string): Promise<SavedImage>;
  stop(): Promise<void>;
}

/** `busybox` with its applets, `hello` and other things that the definitions of the cases import. */
const UNITS = `import { link, text, tree } from "imgbuild";
const applets = ["cat", "chmod", "chown", "cut", "echo", "env", "grep", "head", "httpd", "id", "ls", "mkdir", "readlink", "rm", "sh", "sort", "stat", "test", "touch", "tr", "true", "wget"];
export const bash = tree({ "/bin/busybox": "//busybox", ...Object.fromEntries(applets.map((name) => [\`/bin/\${name}\`, link("busybox")])) });
export const hello = tree({ "/bin/hello": text("#!/bin/sh\\necho Hello, world!\\n", { mode: 0o755 }) });
`;

/** Starts both daemons on a workspace; \`files\` are its definitions beside \`units.ts\`. */
export async function dockerToolsRig(files: Readonly<Record<string, string>>): Promise<DockerToolsRig> {
  const busybox = readFileSync(findTool("busybox") ?? "/bin/busybox");
  const rig = await workspaceRig({ files: { ...files, busybox, "units.ts": UNITS } });
  rig.chmod("busybox", 0o755);
  const docker = await startDockerd();
  const podman = startPodman();
  const imgbuild = async (...args: readonly string[]): Promise<CliResult> => {
    const result = await rig.run(args, { env: { DOCKER_HOST: docker.host } });
    if (result.code !== 0) throw new Error(`imgbuild ${args.join(" ")}: ${result.stderr}${result.stdout.slice(-2000)}`);
    return result;
  };
  const archiveOf = async (label: string): Promise<string> => {
    const path = join(rig.outside, `${label.replaceAll(/[^a-z]/gi, "-")}.tar`);
    await imgbuild("build", label, "-o", path, "--compression", "none");
    return path;
  };
  const runWith: DockerToolsRig["runWith"] = (flags, reference, ...command) =>
    agreed(
      docker.docker(["run", "--rm", "--network", "none", ...flags, reference, ...command]),
      podman.run([...flags, reference, ...command]),
    );
  return {
    rig,
    docker,
    podman,
    imgbuild,
    runWith,
    refusal: async (label) => {
      const { code, stderr } = await rig.run(["build", label]);
      if (code === 0) throw new Error(`imgbuild build ${label} did not fail`);
      return stderr;
    },
    load: async (label) => {
      const { events } = await imgbuild("load", label, "--json");
      loadInto(podman, await archiveOf(label));
      return String(events.find((event) => event.type === "target.done")?.reference);
    },
    run: (reference, ...command) => runWith([], reference, ...command),
    saved: async (label) => {
      const [image] = savedImages(await archiveOf(label));
      if (image === undefined) throw new Error(`${label} has no image`);
      return image;
    },
    stop: async () => {
      podman.remove();
      await docker.stop();
      await rig[Symbol.asyncDispose]();
    },
  };
}

function loadInto({ podman }: Podman, archive: string): void {
  const { status, stderr } = podman(["load", "--input", archive]);
  if (status !== 0) throw new Error(`podman load: ${stderr}`);
}

/** What a container said in Docker, which must be what it said in Podman. */
function agreed(docker: DockerResult, podman: DockerResult): DockerResult {
  if (docker.status !== podman.status || docker.stdout !== podman.stdout) {
    throw new Error(`docker: ${JSON.stringify(docker)}\npodman: ${JSON.stringify(podman)}`);
  }
  return docker;
}

/** A definition with the usual imports. */
export function definition(body: string): string {
  return `import * as imgbuild from "imgbuild";
import { bash, hello } from "../units.ts";
const { ${IMPORTED.join(", ")} } = imgbuild;
${body}`;
}

const IMPORTED = [
  "binSh",
  "buildImage",
  "buildLayeredImage",
  "caCertificates",
  "directory",
  "exportImage",
  "fakeNss",
  "imageIndex",
  "link",
  "mergeImages",
  "path",
  "streamLayeredImage",
  "text",
  "tree",
] as const;

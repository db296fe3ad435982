import { join } from "node:path";
import {
  type CliEvent,
  type CliResult,
  type SavedMember,
  savedImages,
  startTestMirror,
  type TestDeb,
  type TestMirror,
  type WorkspaceRig,
  workspaceRig,
} from "@imgbuild/testkit";

/** A workspace with one image of Debian packages, and a mirror on loopback. */
export interface DebianRig extends AsyncDisposable {
  readonly mirror: TestMirror;
  readonly workspace: WorkspaceRig;
  /** Runs `imgbuild ARGS` with the mirror in the environment. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<CliResult>;
  /** `imgbuild lock ARGS`, which must end well: the lines of stdout. */
  lock(...args: readonly string[]): Promise<readonly string[]>;
  /** `imgbuild build //images/app --json ARGS`, which must end well. */
  build(...args: readonly string[]): Promise<CliResult>;
  /** Builds, and what the layers come to: the last member of each path. */
  files(): Promise<ReadonlyMap<string, SavedMember>>;
}

/** A definition that asks for packages: `attributes` are those of debianPackages, as text. */
export function definitionOf(attributes: string, image = ""): string {
  return `import { buildImage, buildLayeredImage, debianPackages, text, tree } from "imgbuild";
export const packages = debianPackages({ suite: "stable", essential: "none", ${attributes} });
export default buildImage({ name: "app", copyToRoot: packages, ${image} });
`;
}

/** Starts the mirror with a suite `stable` of these packages, and a workspace that asks for some. */
export async function debianRig(packages: readonly TestDeb[], definition: string): Promise<DebianRig> {
  const mirror = await startTestMirror();
  await mirror.publish("stable", packages);
  const workspace = await workspaceRig({ files: { "images/app/image.ts": definition } });
  workspace.write("../outside/archive.gpg", mirror.keyring);
  const env = {
    IMGBUILD_DEBIAN_MIRROR: mirror.url,
    IMGBUILD_DEBIAN_KEYRINGS: join(workspace.outside, "archive.gpg"),
    no_proxy: "*",
  };
  const run: DebianRig["run"] = (args, more = {}) => workspace.run(args, { env: { ...env, ...more } });
  const well = async (args: readonly string[]): Promise<CliResult> => {
    const result = await run(args);
    if (result.code !== 0)
      throw new Error(`imgbuild ${args.join(" ")}: ${result.code}\n${result.stdout}${result.stderr}`);
    return result;
  };
  return {
    mirror,
    workspace,
    run,
    lock: async (...args) => (await well(["lock", ...args])).lines,
    build: (...args) => well(["build", "//images/app", "--json", ...args]),
    async files() {
      const out = join(workspace.outside, "image.tar");
      await well(["build", "//images/app", "-o", out, "--compression", "none"]);
      const members = savedImages(out).flatMap(({ layers }) => layers.flat());
      return new Map(members.map((member) => [member.path.replace(/\/$/, ""), member]));
    },
    async [Symbol.asyncDispose]() {
      await workspace[Symbol.asyncDispose]();
      await mirror[Symbol.asyncDispose]();
    },
  };
}

/** Events of a type. */
export function ofType({ events }: CliResult, type: string): readonly CliEvent[] {
  return events.filter((event) => event.type === type);
}

/** Kinds of the steps that were built, sorted. */
export function builtKinds(result: CliResult): readonly string[] {
  return ofType(result, "step.end")
    .filter((event) => event.result === "built")
    .map((event) => String(event.kind))
    .sort();
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CliOptions,
  type CliResult,
  findTool,
  type SavedMember,
  savedImages,
  type WorkspaceRig,
  workspaceRig,
} from "@imgbuild/testkit";

/** Programs that tests of scripts need. */
export const SCRIPT_TOOLS = ["unshare", "setpriv", "tar", "busybox"] as const;

/** Applets that the base has. */
const APPLETS =
  "cat chmod chown cp cut dd echo env find grep head id kill ln ls mkdir mkfifo mknod mv nc printf ps readlink rm rmdir seq setsid sh sleep sort stat tail test touch tr true wc wget";

const PRELUDE = `import { buildImage, buildLayeredImage, directory, link, path, shadowSetup, streamLayeredImage, text, tree } from "imgbuild";
const applets = Object.fromEntries("${APPLETS}".split(" ").map((name) => ["/bin/" + name, link("busybox")]));
export const base = buildImage({ name: "base", copyToRoot: tree({ "/bin/busybox": "//busybox", ...applets, "/etc/a": text("a\\n"),
  "/etc/passwd": text("root:x:0:0::/root:/bin/sh\\n"), "/dir/x": text("x"), "/dir/sub/y": text("y"), "/tmp": directory({ mode: 0o1777 }) }) });
`;

/** A workspace whose definition `a/image.ts` has `base`, a busybox image, and what a test adds. */
export interface ScriptRig {
  readonly rig: WorkspaceRig;
  /** Replaces what the definition has beside `base`. */
  define(body: string): void;
  /** Builds `//a:NAME`, which must end well; gives members of its uppermost layer as `file 644 0:0 etc/motd`. */
  top(name: string, options?: CliOptions): Promise<string[]>;
  /** The members themselves. */
  members(name: string, options?: CliOptions): Promise<readonly SavedMember[]>;
  /** Builds `//a:NAME`, which must fail; gives what it says. */
  failure(name: string, ...flags: readonly string[]): Promise<string>;
  build(name: string, ...flags: readonly string[]): Promise<CliResult>;
}

/** Makes such a workspace; dispose of its `rig`. */
export async function scriptRig(body = ""): Promise<ScriptRig> {
  const busybox = readFileSync(findTool("busybox") ?? "/bin/busybox");
  const rig = await workspaceRig({ files: { busybox, "a/image.ts": `${PRELUDE}${body}` } });
  rig.chmod("busybox", 0o755);
  const members: ScriptRig["members"] = async (name, options) => {
    const archive = join(rig.outside, `${name}.tar`);
    const { code, stderr } = await rig.run(["build", `//a:${name}`, "-o", archive, "--compression", "none"], options);
    if (code !== 0) throw new Error(stderr);
    return savedImages(archive)[0]?.layers.at(-1) ?? [];
  };
  return {
    rig,
    define: (text) => rig.write("a/image.ts", `${PRELUDE}${text}`),
    members,
    top: async (name, options) => (await members(name, options)).map(line),
    build: (name, ...flags) => rig.run(["build", `//a:${name}`, ...flags]),
    failure: async (name, ...flags) => {
      const { code, stderr } = await rig.run(["build", `//a:${name}`, ...flags]);
      if (code === 0) throw new Error(`//a:${name} did not fail`);
      return stderr;
    },
  };
}

/** A member in few words: `file 644 0:0 etc/motd`. */
function line({ type, mode, uid, gid, path, linkname }: SavedMember): string {
  return `${type} ${mode.toString(8)} ${uid}:${gid} ${path}${linkname === "" ? "" : ` > ${linkname}`}`;
}

/** An image whose `runAsRoot` is `script`, on the base. */
export function rootImage(name: string, script: string, more = ""): string {
  return `export const ${name} = buildImage({ name: "${name.toLowerCase()}", fromImage: base, runAsRoot: ${JSON.stringify(script)}, ${more} });\n`;
}

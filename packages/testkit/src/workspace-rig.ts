import {
  chmodSync,
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type CliOptions, type CliResult, type RunningCli, startCli } from "./cli-process.ts";

/** What a workspace starts with. */
export interface WorkspaceRigOptions {
  /** Files by path, `images/a/image.ts`. Without imgbuild.config.ts and package.json an empty config is added. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Variables of every run. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A temporary workspace and the real command line in it. Dispose of it with `await using`. */
export interface WorkspaceRig extends AsyncDisposable {
  /** Absolute path of the workspace. */
  readonly root: string;
  /** Where its cache is. */
  readonly cacheDir: string;
  /** A directory beside the workspace, for what a test writes. */
  readonly outside: string;
  /** Runs `imgbuild ARGS` to its end. */
  run(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  /** Starts `imgbuild ARGS`. */
  spawn(args: readonly string[], options?: CliOptions): RunningCli;
  /** Absolute path of a path of the workspace. */
  path(path: string): string;
  write(path: string, content: string | Uint8Array): void;
  remove(path: string): void;
  /** Sets the modification time, in seconds since the epoch. */
  touch(path: string, seconds: number): void;
  chmod(path: string, mode: number): void;
  /** Gives all of it to another user, for runs with {@link CliOptions.uid}. */
  giveTo(uid: number): void;
  /** The same files, without the cache, as a workspace at another path. */
  copy(): WorkspaceRig;
}

/** Makes a workspace; all of it, and every process that still runs in it, is gone after disposal. */
export async function workspaceRig(options: WorkspaceRigOptions): Promise<WorkspaceRig> {
  const rig = emptyRig(options.env ?? {});
  const config = "imgbuild.config.ts";
  const marked = [config, "package.json"].some((file) => Object.hasOwn(options.files, file));
  if (!marked) rig.write(config, "export default {};\n");
  for (const [path, content] of Object.entries(options.files)) rig.write(path, content);
  return rig;
}

function emptyRig(env: Readonly<Record<string, string>>): WorkspaceRig {
  const top = mkdtempSync(join(tmpdir(), "imgbuild-rig-"));
  const [root, outside, home] = [join(top, "workspace"), join(top, "outside"), join(top, "home")];
  for (const dir of [root, outside, home]) mkdirSync(dir);
  const path = (name: string): string => join(root, name);
  const running = new Set<RunningCli>();
  const spawn: WorkspaceRig["spawn"] = (args, options = {}) => {
    const own = { ...env, HOME: home, ...options.env };
    const cli = startCli(args, { ...options, cwd: options.cwd ?? root, env: own });
    running.add(cli);
    return cli;
  };
  return {
    root,
    cacheDir: join(root, "cache"),
    outside,
    path,
    spawn,
    run: (args, options) => spawn(args, options).ended,
    write(name, content) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), content);
    },
    remove: (name) => rmSync(path(name), { recursive: true, force: true }),
    touch: (name, seconds) => utimesSync(path(name), seconds, seconds),
    chmod: (name, mode) => chmodSync(path(name), mode),
    giveTo: (uid) => chownBelow(top, uid),
    copy() {
      const other = emptyRig(env);
      cpSync(root, other.root, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (from) => from !== join(root, "cache"),
      });
      return other;
    },
    async [Symbol.asyncDispose]() {
      for (const cli of running) cli.kill("SIGKILL");
      await Promise.all([...running].map((cli) => cli.ended));
      rmSync(top, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function chownBelow(path: string, uid: number): void {
  chownSync(path, uid, uid);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) chownBelow(join(path, name), uid);
}

import { realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { ImgbuildError } from "@imgbuild/errors";
import type { EventSink } from "@imgbuild/graph";
import { WorkThreads } from "@imgbuild/image";
import { findWorkspace, loadConfig, type Runtime, runtimeFrom } from "@imgbuild/loader";
import type { RegistryAccess } from "@imgbuild/registry";
import { type ProfileRecorder, profileRecorder, type Reporter } from "@imgbuild/report";
import type { NpmAccess, WebAccess } from "@imgbuild/steps";
import { openStore, type Store } from "@imgbuild/store";
import type { Flags } from "../cli/parsed-flags.ts";
import { DebianConnection } from "../debian/debian-connection.ts";
import type { Host } from "../host.ts";
import { configCache } from "./config-cache.ts";
import { Connection } from "./connection.ts";
import { makeReporter } from "./reporting.ts";

/** One run of a command in a workspace: what was opened for it. `withSession` closes it. */
export interface Session {
  readonly host: Host;
  readonly flags: Flags;
  /** Absolute, without symbolic links. */
  readonly cwd: string;
  readonly workspaceRoot: string;
  readonly cacheDir: string;
  readonly store: Store;
  readonly runtime: Runtime;
  readonly npm: Connection<NpmAccess>;
  readonly web: Connection<WebAccess>;
  readonly registry: Connection<RegistryAccess>;
  readonly debian: DebianConnection;
  readonly threads: WorkThreads;
  readonly reporter: Reporter;
  readonly emit: EventSink;
  /** Times of the run, when `--profile` asks for them. */
  readonly profile: ProfileRecorder | undefined;
  readonly startedAt: number;
  /** What the run wrote for its user, in bytes. */
  readonly written: { bytes: number };
}

/** Opens a session, runs `body` in it and closes it, whatever happens. */
export async function withSession<T>(flags: Flags, host: Host, body: (session: Session) => Promise<T>): Promise<T> {
  const startedAt = host.clock();
  const cwd = directoryOf(resolve(host.cwd, flags.cwd));
  const workspaceRoot = realpathSync(findWorkspace(cwd));
  const runtime = runtimeFrom(host.runtimeCode());
  const readEnv = (name: string) => host.env[name];
  const cacheDir =
    flags.cacheDir === undefined
      ? (
          await loadConfig({
            workspaceRoot,
            runtime,
            readEnv,
            now: () => host.now(),
            cache: configCache(host, workspaceRoot),
          })
        ).cacheDir
      : resolve(cwd, flags.cacheDir);
  const store = await openStore({ directory: cacheDir, now: () => host.now(), pid: host.pid, hostname: host.hostname });
  const reporter = makeReporter(flags, host, workspaceRoot);
  const npm = new Connection<NpmAccess>(async (directory) => {
    const { openNpmAccess } = await import("./open-npm-access.ts");
    return openNpmAccess({ host, project: join(workspaceRoot, directory), emit: reporter.emit });
  });
  const web = new Connection<WebAccess>(async () => {
    const { openWebAccess } = await import("./open-web-access.ts");
    return openWebAccess({ host, emit: reporter.emit });
  });
  const registry = new Connection<RegistryAccess>(async () => {
    const { openRegistryAccess } = await import("./open-registry-access.ts");
    return openRegistryAccess({ host, emit: reporter.emit });
  });
  const debian = new DebianConnection({ host, workspaceRoot, runtime, emit: reporter.emit });
  const threads = new WorkThreads();
  try {
    const profile = flags.profile === undefined ? undefined : profileRecorder({ now: () => host.clock() });
    const emit: EventSink = (event) => {
      reporter.emit(event);
      profile?.emit(event);
    };
    const real = realpathSync(cacheDir);
    return await body({
      host,
      flags,
      cwd,
      workspaceRoot,
      cacheDir: real,
      store,
      runtime,
      npm,
      debian,
      web,
      registry,
      threads,
      reporter,
      emit,
      profile,
      startedAt,
      written: { bytes: 0 },
    });
  } finally {
    reporter.close();
    npm.close();
    debian.close();
    web.close();
    registry.close();
    threads.close();
    store.close();
  }
}

function directoryOf(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return realpathSync(path);
  throw new ImgbuildError("usage", `Cannot use the directory "${path}": there is none`, {
    hint: `Create it with \`mkdir -p ${join(path)}\`, or name another one`,
  });
}

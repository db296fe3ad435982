import { proxyFromEnvironment } from "@imgbuild/fetch";
import { loadConfig } from "@imgbuild/loader";
import type { DebAccess } from "@imgbuild/steps";
import { configCache } from "../session/config-cache.ts";
import { openFetcher } from "../session/open-fetcher.ts";
import { type AptMachine, readAptMachine } from "./apt-machine.ts";
import type { DebianConnectionOptions } from "./debian-connection-options.ts";
import { type Mirror, mirrorsOf } from "./mirrors.ts";

/** Archives of Debian packages, as this machine reaches them. */
export interface DebianAccess extends DebAccess {
  /** Where a suite may be had, best first. Throws as `mirrorsOf` does. */
  readonly mirrors: (suite: string) => readonly Mirror[];
}

/** Reads the settings, and apt's own where those name no mirror. */
export async function openDebianAccess(options: DebianConnectionOptions): Promise<DebianAccess> {
  const { host, workspaceRoot, runtime, emit } = options;
  const { env } = host;
  const readEnv = (name: string) => env[name];
  const cache = configCache(host, workspaceRoot);
  const { debian: config } = await loadConfig({ workspaceRoot, runtime, readEnv, now: () => host.now(), cache });
  let machine: AptMachine | undefined;
  const settings = {
    env,
    config,
    workspaceRoot,
    machine: () => {
      machine ??= readAptMachine(env.IMGBUILD_APT_ROOT || "/");
      return machine;
    },
  };
  const known = new Map<string, readonly Mirror[]>();
  const mirrors = (suite: string): readonly Mirror[] => {
    const found = known.get(suite) ?? mirrorsOf(suite, settings);
    known.set(suite, found);
    return found;
  };
  const proxy = proxyFromEnvironment(env);
  return {
    fetcher: openFetcher(host, emit, { proxy: { ...proxy, http: proxy.http ?? settings.machine().proxy } }),
    mirrors,
    addresses: async (suite, path) => mirrors(suite).map(({ root }) => `${root}/${path}`),
  };
}

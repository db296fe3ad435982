import { homedir } from "node:os";
import type { Fetcher } from "@imgbuild/fetch";
import { type NpmConfig, npmConfigFrom } from "@imgbuild/npm";
import type { NpmAccess } from "@imgbuild/steps";
import { askNpm } from "./ask-npm.ts";
import type { NpmConnectionOptions } from "./npm-connection-options.ts";
import { npmrcFiles } from "./npmrc-files.ts";
import { openFetcher } from "./open-fetcher.ts";
import { textOf } from "./text-of.ts";

/** Reads npm's configuration and makes connections with its proxies and certificates. */
export async function openNpmAccess({ host, project, emit }: NpmConnectionOptions): Promise<NpmAccess> {
  const { env } = host;
  const home = env.HOME || homedir();
  const files = npmrcFiles({ env, home, project, nodePath: process.execPath });
  const config = npmConfigFrom({ npmrcTexts: files.map(textOf), env, homedir: home });
  for (const message of config.warnings) emit({ type: "warning", message });
  const asked = new Map<string, Promise<string | undefined>>();
  const ask = (kind: "registry" | "default registry") => {
    const known = asked.get(kind) ?? askNpm(kind, { env, cwd: project, signal: host.signal });
    asked.set(kind, known);
    return known;
  };
  return {
    config,
    fetcher: fetcherFor(config, { host, emit }),
    registry: () => ask("registry"),
    defaultRegistry: () => ask("default registry"),
  };
}

function fetcherFor(config: NpmConfig, { host, emit }: Pick<NpmConnectionOptions, "host" | "emit">): Fetcher {
  // As with npm, authorities of a cafile take the place of those that Node knows.
  const ca = config.ca.length > 0 ? config.ca : config.cafile === undefined ? [] : [textOf(config.cafile)];
  const known = ca.filter((pem) => pem !== "");
  const { cert, key, strictSsl, proxy } = config;
  const tls = { ca: known.length === 0 ? undefined : known, cert, key, rejectUnauthorized: strictSsl };
  return openFetcher(host, emit, { proxy, tls });
}

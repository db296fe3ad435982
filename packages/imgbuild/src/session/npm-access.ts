import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { createFetcher, type Fetcher } from "@imgbuild/fetch";
import { npmConfigFrom } from "@imgbuild/npm";
import type { NpmAccess, NpmOptions } from "@imgbuild/steps";
import type { Host } from "../host.ts";

/** Fetches packages as the user's own npm does. Nothing is read or opened before the first package that is not at hand. */
export class NpmConnection implements NpmOptions {
  readonly #host: Host;
  readonly #workspaceRoot: string;
  #access: Promise<NpmAccess> | undefined;
  #fetcher: Fetcher | undefined;

  constructor(host: Host, workspaceRoot: string) {
    this.#host = host;
    this.#workspaceRoot = workspaceRoot;
  }

  readonly access = (): Promise<NpmAccess> => {
    this.#access ??= this.#open();
    return this.#access;
  };

  /** Closes what was opened. */
  close(): void {
    this.#fetcher?.close();
  }

  async #open(): Promise<NpmAccess> {
    const { env } = this.#host;
    const homedir = env.HOME ?? "/root";
    const files = [join(this.#workspaceRoot, ".npmrc"), env.npm_config_userconfig ?? join(homedir, ".npmrc")];
    const config = npmConfigFrom({ npmrcTexts: files.map(textOf), env, homedir });
    const ca = config.cafile === undefined ? config.ca : [...config.ca, textOf(config.cafile)];
    this.#fetcher = createFetcher({
      timing: {
        now: () => this.#host.now(),
        sleep: (ms, signal) => wait(ms, undefined, { signal }),
        random: Math.random,
      },
      proxy: config.proxy,
      tls: {
        ca: ca.length === 0 ? undefined : ca,
        cert: config.cert,
        key: config.key,
        rejectUnauthorized: config.strictSsl,
      },
    });
    return {
      config,
      fetcher: this.#fetcher,
      registry: () => this.#ask([]),
      defaultRegistry: () => this.#ask(["--userconfig=/dev/null", "--globalconfig=/dev/null"]),
    };
  }

  /** What npm itself says; undefined without npm. */
  async #ask(flags: readonly string[]): Promise<string | undefined> {
    try {
      const options = { cwd: this.#workspaceRoot, env: this.#host.env };
      const { stdout } = await promisify(execFile)("npm", ["config", "get", "registry", ...flags], options);
      return stdout.trim() || undefined;
    } catch {
      return undefined;
    }
  }
}

/** A file that is not there says nothing. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

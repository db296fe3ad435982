import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DockerTls } from "@imgbuild/deliver";
import { fromUnknown, ImgbuildError, systemCode } from "@imgbuild/errors";
import type { Host } from "../host.ts";

/** A Docker daemon, and how to speak to it. */
export interface DockerEndpoint {
  /** As in DOCKER_HOST. */
  readonly address: string;
  /** Undefined: without TLS. */
  readonly tls: DockerTls | undefined;
}

const DEFAULT_ADDRESS = "unix:///var/run/docker.sock";

/**
 * The daemon that the docker command would talk to: DOCKER_HOST, else the context of DOCKER_CONTEXT, else the current one,
 * else the usual socket. Throws `usage` for a context that is not there, and for certificates that cannot be read.
 */
export function dockerEndpoint(host: Pick<Host, "env">): DockerEndpoint {
  const { env } = host;
  const config = env.DOCKER_CONFIG || join(env.HOME ?? "", ".docker");
  if (env.DOCKER_HOST) {
    const tls = env.DOCKER_TLS_VERIFY ? readTls(env.DOCKER_CERT_PATH || config) : undefined;
    return { address: env.DOCKER_HOST, tls };
  }
  const context = env.DOCKER_CONTEXT || textAt(readJson(join(config, "config.json")), ["currentContext"]);
  if (context === undefined || context === "default") return { address: DEFAULT_ADDRESS, tls: undefined };
  return contextEndpoint(config, context);
}

/** The docker command keeps each context in a directory named for the hash of its name. */
function contextEndpoint(config: string, context: string): DockerEndpoint {
  const id = createHash("sha256").update(context).digest("hex");
  const meta = readJson(join(config, "contexts/meta", id, "meta.json"));
  const address = textAt(meta, ["Endpoints", "docker", "Host"]);
  if (address === undefined) {
    throw new ImgbuildError("usage", `Cannot use the Docker context "${context}": there is none of that name`, {
      hint: "`docker context ls` shows those there are; unset DOCKER_CONTEXT or run `docker context use default`",
    });
  }
  const tls = readTls(join(config, "contexts/tls", id, "docker"));
  return { address, tls: Object.keys(tls).length === 0 ? undefined : tls };
}

function readTls(directory: string): DockerTls {
  const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((name) => readOptional(join(directory, name)));
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw fromUnknown(error, `Cannot read "${file}"`);
  }
}

function readJson(file: string): unknown {
  const text = readOptional(file);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textAt(value: unknown, keys: readonly string[]): string | undefined {
  let at = value;
  for (const key of keys) {
    at =
      typeof at === "object" && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string, unknown>)[key]
        : undefined;
  }
  return typeof at === "string" && at !== "" ? at : undefined;
}

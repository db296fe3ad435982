import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { fromUnknown, ImgbuildError, systemCode } from "@imgbuild/errors";
import { type Fetcher, proxyFromEnvironment } from "@imgbuild/fetch";
import type { EventSink } from "@imgbuild/graph";
import { type Credentials, credentialSource, parseHelperAnswer, type RegistryAccess } from "@imgbuild/registry";
import type { Host } from "../host.ts";
import { openFetcher } from "./open-fetcher.ts";
import { textOf } from "./text-of.ts";

/** A way to registries, closed with its one `fetcher`. */
export type OpenedRegistryAccess = RegistryAccess & { readonly fetcher: Fetcher };

/** Connections to registries, with the proxies of the environment and the credentials of `docker login`. */
export async function openRegistryAccess({
  host,
  emit,
}: {
  readonly host: Host;
  readonly emit: EventSink;
}): Promise<OpenedRegistryAccess> {
  const { env } = host;
  const proxy = proxyFromEnvironment(env);
  const verified = openFetcher(host, emit, { proxy });
  const unverified = openFetcher(host, emit, { proxy, tls: { rejectUnauthorized: false } });
  const known = new Map<string, Promise<Credentials | undefined>>();
  return {
    fetcher: { ...bound(verified), close: () => [verified, unverified].forEach((each) => void each.close()) },
    unverified,
    now: () => host.now(),
    credentials(registry) {
      const found = known.get(registry) ?? credentialsFor(registry, host);
      known.set(registry, found);
      return found;
    },
  };
}

function bound(fetcher: Fetcher): Omit<Fetcher, "close"> {
  return {
    download: (request, sink) => fetcher.download(request, sink),
    fetchBytes: (request) => fetcher.fetchBytes(request),
  };
}

async function credentialsFor(registry: string, { env, signal }: Host): Promise<Credentials | undefined> {
  const file = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), ".docker"), "config.json");
  const source = credentialSource(textOf(file), { host: registry, name: file });
  if (source.kind === "known") return source.credentials;
  if (source.kind === "none") return undefined;
  return parseHelperAnswer(await askHelper(source, { env, signal }));
}

/** What a credential helper says of a server (docker-credential-helpers); "" when it has nothing for it. */
async function askHelper(
  { name, server }: { readonly name: string; readonly server: string },
  { env, signal }: Pick<Host, "env" | "signal">,
): Promise<string> {
  const program = `docker-credential-${name}`;
  const child = spawn(program, ["get"], { env: { ...env }, signal, stdio: ["pipe", "pipe", "ignore"] });
  const output: Buffer[] = [];
  child.stdout.on("data", (bytes: Buffer) => output.push(bytes));
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${server}\n`);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).catch((error: unknown) => {
    if (systemCode(error) !== "ENOENT") throw fromUnknown(error, `Cannot run "${program}"`);
    throw new ImgbuildError("refused", `Cannot get the credentials for "${server}": there is no program "${program}"`, {
      hint: "Install it, or correct credHelpers and credsStore in docker's config.json",
    });
  });
  return code === 0 ? Buffer.concat(output).toString("utf8") : "";
}

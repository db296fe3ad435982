import { homedir } from "node:os";
import { join } from "node:path";
import { proxyFromEnvironment } from "@imgbuild/fetch";
import type { EventSink } from "@imgbuild/graph";
import type { WebAccess } from "@imgbuild/steps";
import type { Host } from "../host.ts";
import { authorizationFor } from "./netrc.ts";
import { openFetcher } from "./open-fetcher.ts";
import { textOf } from "./text-of.ts";

/** Connections for files of the web: with the proxies of the environment, and what a .netrc says to hosts. */
export async function openWebAccess({
  host,
  emit,
}: {
  readonly host: Host;
  readonly emit: EventSink;
}): Promise<WebAccess> {
  const { env } = host;
  const netrc = textOf(env.NETRC || join(env.HOME || homedir(), ".netrc"));
  return {
    fetcher: openFetcher(host, emit, { proxy: proxyFromEnvironment(env) }),
    addressOf(url) {
      const authorization = authorizationFor(url, netrc);
      return authorization === undefined ? url : { url, headers: { authorization } };
    },
  };
}

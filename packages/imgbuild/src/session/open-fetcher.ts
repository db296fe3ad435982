import { setTimeout as wait } from "node:timers/promises";
import { createFetcher, type Fetcher, type ProxyConfig, type TlsOptions } from "@imgbuild/fetch";
import type { EventSink } from "@imgbuild/graph";
import type { Host } from "../host.ts";

/** Downloads under way at once. */
const PARALLEL = 16;

/** Connections of a run; what is tried again is told. Whoever opens it closes it. */
export function openFetcher(
  host: Host,
  emit: EventSink,
  { proxy, tls }: { readonly proxy: ProxyConfig; readonly tls?: TlsOptions },
): Fetcher {
  return createFetcher({
    timing: timingOf(host),
    concurrency: PARALLEL,
    proxy,
    ...(tls === undefined ? {} : { tls }),
    onRetry: ({ url, reason, waitMs }) => {
      const seconds = (waitMs / 1000).toFixed(1);
      emit({ type: "warning", message: `Cannot download "${url}" yet: ${reason}; trying again in ${seconds} s` });
    },
  });
}

function timingOf(host: Host) {
  return {
    now: () => host.now(),
    sleep: async (ms: number, signal: AbortSignal) => {
      await wait(ms, undefined, { signal });
    },
    random: Math.random,
  };
}

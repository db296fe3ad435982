import { type Dockerd, startDockerd } from "@imgbuild/testkit";
import type { SuiteContext } from "./suite.ts";

let running: Promise<Dockerd | undefined> | undefined;

/** The bench's own daemon, started when first asked for; undefined where there is none to start, or in a smoke run. */
export function sharedDockerd(context: SuiteContext): Promise<Dockerd | undefined> {
  if (context.options.smoke || !context.tools.has("docker", "dockerd") || process.getuid?.() !== 0)
    return Promise.resolve(undefined);
  running ??= startDockerd();
  return running;
}

export async function stopSharedDockerd(): Promise<void> {
  const dockerd = await running;
  running = undefined;
  await dockerd?.stop();
}

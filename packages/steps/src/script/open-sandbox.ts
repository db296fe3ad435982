import { ImgbuildError } from "@imgbuild/errors";
import { openSandbox, type Sandbox } from "@imgbuild/sandbox";
import type { Store } from "@imgbuild/store";
import type { ScriptOptions } from "./script-options.ts";
import { ScriptPlace } from "./script-place.ts";

/** The sandbox of this machine, and where its runs are. */
export interface OpenedSandbox {
  readonly sandbox: Sandbox;
  readonly place: ScriptPlace;
  readonly scripts: ScriptOptions;
}

/** Opens the sandbox at the first call; all that run in one process share it, and with it the names of their directories. */
export function sandboxOpener(options: {
  readonly scripts?: ScriptOptions | undefined;
  readonly store: Store;
}): () => Promise<OpenedSandbox> {
  let opened: Promise<OpenedSandbox> | undefined;
  return () => {
    opened ??= open(options);
    return opened;
  };
}

async function open({ scripts, store }: Parameters<typeof sandboxOpener>[0]): Promise<OpenedSandbox> {
  if (scripts === undefined) throw new ImgbuildError("internal", "Internal error: scripts were not set up");
  const sandbox = openSandbox(scripts.host, scripts.platform);
  const place = new ScriptPlace(store.directory, { sandbox, pid: scripts.pid });
  await place.removeStale(scripts.processAlive);
  return { sandbox, place, scripts };
}

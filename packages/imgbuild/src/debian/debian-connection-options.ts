import type { EventSink } from "@imgbuild/graph";
import type { Runtime } from "@imgbuild/loader";
import type { Host } from "../host.ts";

/** What reaching archives needs of a session. */
export interface DebianConnectionOptions {
  readonly host: Host;
  readonly workspaceRoot: string;
  readonly runtime: Runtime;
  readonly emit: EventSink;
}

import type { EventSink } from "@imgbuild/graph";
import type { Host } from "../host.ts";

/** What fetching packages needs of a session. */
export interface NpmConnectionOptions {
  readonly host: Host;
  readonly workspaceRoot: string;
  readonly emit: EventSink;
}

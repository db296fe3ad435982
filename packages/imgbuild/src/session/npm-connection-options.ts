import type { EventSink } from "@imgbuild/graph";
import type { Host } from "../host.ts";

/** What fetching packages needs of a session. */
export interface NpmConnectionOptions {
  readonly host: Host;
  /** The directory of a lock: absolute. npm reads the .npmrc there. */
  readonly project: string;
  readonly emit: EventSink;
}

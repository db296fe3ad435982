import type { Caller } from "./call.ts";
import { makeValue, recordOf, type Value } from "./source.ts";

/** What an image is built on, apart from the config. */
export function baseLayers(caller: Caller, base: Value): Value<"base-layers"> {
  return makeValue<Value<"base-layers">>({
    kind: "base-layers",
    args: {},
    inputs: [base],
    position: caller.host.position(),
    summary: `layers of ${recordOf(base)?.summary ?? base.kind}`,
  });
}

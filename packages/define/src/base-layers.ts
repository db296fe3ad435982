import type { ImageArgs } from "@imgbuild/graph";
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

/** Layers that a base has for certain: how many an archive has, and a split under a budget gives, is known when it is built. */
export function certainLayers(base: Value | undefined): number {
  let count = 0;
  let at = base;
  while (at?.kind === "image") {
    const { hasBase } = at.args as unknown as ImageArgs;
    const [first, ...others]: readonly (Value | undefined)[] = at.inputs;
    const own = hasBase ? others : at.inputs;
    count += own.filter((layer) => layer?.kind === "layer" || layer?.kind === "scriptLayer").length;
    at = hasBase ? first : undefined;
  }
  return count;
}

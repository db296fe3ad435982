import type { NpmPackageArgs } from "@imgbuild/graph";
import type { PackageUnit } from "@imgbuild/npm";
import type { Caller } from "../call.ts";
import { makeValue, type Value } from "../source.ts";
import { join } from "./find-lock.ts";

/** The value of a third-party package: equal packages of any workspace have equal recipes. */
export function packageValue(
  caller: Caller,
  unit: PackageUnit,
  { lockRoot, scripts }: { readonly lockRoot: string; readonly scripts: NpmPackageArgs["scripts"] },
): Value<"npmPackage"> {
  const { name, version, integrity } = unit;
  return makeValue<Value<"npmPackage">>({
    kind: "npmPackage",
    args: { name, version, integrity, scripts },
    position: caller.host.position(),
    summary: `npm package ${name}@${version}`,
    origin: originOf(unit, lockRoot),
  });
}

/** Hosts are in no key: the same package from another registry is the same. */
function originOf({ source }: PackageUnit, lockRoot: string): string | undefined {
  const at = lockRoot === "" ? "" : `@${encodeURIComponent(lockRoot)}`;
  if (source.from === "file") return `file+${join(lockRoot, source.path)}`;
  if (source.from === "url") return `url${at}+${source.url}`;
  return source.resolved === undefined && at === "" ? undefined : `registry${at}+${source.resolved ?? ""}`;
}

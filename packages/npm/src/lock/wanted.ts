import type { Wanted } from "./lock-file.ts";
import { flag, members, type Shape, textMap } from "./shape.ts";

/** Reads the dependency fields of a package.json or of an entry of a package-lock, which are alike. */
export function readWanted(fields: ReadonlyMap<string, Shape>): Wanted {
  const optionalDependencies = textMap(fields.get("optionalDependencies"));
  const dependencies = new Map(textMap(fields.get("dependencies")));
  for (const name of optionalDependencies.keys()) dependencies.delete(name);
  const optionalPeers = new Set<string>();
  const meta = fields.get("peerDependenciesMeta");
  if (meta !== undefined) {
    for (const [name, about] of members(meta)) if (flag(members(about).get("optional"))) optionalPeers.add(name);
  }
  return {
    dependencies,
    devDependencies: textMap(fields.get("devDependencies")),
    optionalDependencies,
    peerDependencies: textMap(fields.get("peerDependencies")),
    optionalPeers,
  };
}

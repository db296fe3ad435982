import { PackagePool } from "../archive/package-pool.ts";
import { PackagesIndex } from "../archive/packages-index.ts";

/** A package as text: `name version` and then fields, e.g. `a 1; Depends: b (>= 2); Priority: required`. */
export function stanzaOf(line: string): string {
  const [head = "", ...fields] = line.split(";").map((part) => part.trim());
  const [name = "", version = "1"] = head.split(" ");
  const has = (field: string): boolean => fields.some((own) => own.toLowerCase().startsWith(`${field}:`));
  return [
    `Package: ${name}`,
    `Version: ${version}`,
    ...(has("architecture") ? [] : ["Architecture: amd64"]),
    `Filename: pool/${name}_${version.replace(":", "")}.deb`,
    "Size: 10",
    `SHA256: ${"0".repeat(64)}`,
    ...fields,
    "",
  ].join("\n");
}

/** An index of packages in the notation of {@link stanzaOf}. */
export function indexOf(lines: readonly string[], suite = "stable"): PackagesIndex {
  const text = lines.map((line) => `${stanzaOf(line)}\n`).join("");
  return new PackagesIndex(Buffer.from(text), { suite, component: "main", architecture: "amd64" });
}

/** A pool of one index. */
export function poolOf(...lines: readonly string[]): PackagePool {
  return new PackagePool([{ index: indexOf(lines) }]);
}

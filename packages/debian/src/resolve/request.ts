import { ImgbuildError } from "@imgbuild/errors";
import type { PackagePool } from "../archive/package-pool.ts";
import { isVersion } from "../text/version.ts";
import { missing } from "./explain.ts";
import type { Want } from "./want.ts";

/**
 * Parses what a user asks for: `name`, `name=version`, `name/suite`. A virtual package stands for its provider where
 * there is one alone. Throws `usage` for another form, `definition` with near names, and `conflict` for a virtual package
 * with several providers.
 */
export function requestOf(text: string, pool: PackagePool): Want {
  const match = /^([a-z0-9][a-z0-9+.-]*)(?:=([^\s=]+)|\/([^\s/=]+))?$/.exec(text);
  const [, name = "", version, suite] = match ?? [];
  if (match === null || (version !== undefined && !isVersion(version))) {
    throw new ImgbuildError(
      "usage",
      `Cannot install ${JSON.stringify(text)}: wanted "name", "name=version" or "name/suite"`,
    );
  }
  const constraint = version === undefined ? undefined : { operator: "=" as const, version };
  const want: Want = {
    kind: "request",
    group: [{ name, qualifier: undefined, constraint }],
    suite,
    by: undefined,
  };
  checkRequest(want, text, pool);
  return want;
}

function checkRequest(want: Want, text: string, pool: PackagePool): void {
  const [{ name, constraint } = { name: "", constraint: undefined }] = want.group;
  const fits = pool
    .candidates(name)
    .some(
      (entry) =>
        (constraint === undefined || entry.version === constraint.version) &&
        (want.suite === undefined || entry.origin.suite === want.suite),
    );
  if (fits) return;
  const providers = pool.candidates(name).length === 0 ? pool.providerNames(name) : [];
  if (providers.length > 1) {
    throw new ImgbuildError(
      "conflict",
      `Cannot install "${text}": it is a virtual package, provided by ${[...providers].sort().join(", ")}`,
      { hint: "Name one of them" },
    );
  }
  if (providers.length === 1 && constraint === undefined && want.suite === undefined) return;
  throw new ImgbuildError("definition", `Cannot install "${text}": ${missing(want, pool)}`, {
    hint: `Looked in ${pool.suites().join(", ")}: add a suite or component, or correct the name or version`,
  });
}

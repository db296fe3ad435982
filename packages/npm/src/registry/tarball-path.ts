import { ImgbuildError } from "@imgbuild/errors";
import { isPackageName } from "../lock/install-path.ts";

/** Where a registry keeps a tarball, relative to its own address: `@s/x`, `1.0.0` → `@s/x/-/x-1.0.0.tgz`. */
export function tarballPath(name: string, version: string): string {
  const plain = isPackageName(name) && !/[?#%\s]/.test(name) && /^[0-9A-Za-z][0-9A-Za-z.+-]*$/.test(version);
  if (plain) return `${name}/-/${name.replace(/^@[^/]+\//, "")}-${version}.tgz`;
  const shown = JSON.stringify(`${name}@${version}`);
  throw new ImgbuildError(
    "invalid-archive",
    `Cannot fetch the package ${shown}: it is no name and version of a registry`,
  );
}

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type AptSource, parseAptSources } from "@imgbuild/debian";
import { textOf } from "../session/text-of.ts";

/** What a machine's own apt is set to. */
export interface AptMachine {
  /** Archives of binary packages that can be reached over HTTP, in apt's order. */
  readonly sources: readonly AptSource[];
  /** Files of the keys that apt trusts for sources that name none. */
  readonly trustedKeys: readonly string[];
  /** Files of keys that may be those of an archive. */
  readonly archiveKeys: readonly string[];
  /** `Acquire::http::Proxy`. */
  readonly proxy: string | undefined;
}

/**
 * Reads apt's configuration below `root` (`/` of this machine); what is not there says nothing. Throws what `parseAptSources` throws.
 */
export function readAptMachine(root: string): AptMachine {
  const etc = join(root, "etc/apt");
  const lists = [
    join(etc, "sources.list"),
    ...filesOf(join(etc, "sources.list.d"), /^[A-Za-z0-9_.-]+\.(?:list|sources)$/),
  ];
  const sources = lists.flatMap((file) => parseAptSources(textOf(file), file)).filter(isReachable);
  const shared = join(root, "usr/share/keyrings");
  const whole = join(shared, "debian-archive-keyring.gpg");
  return {
    sources,
    trustedKeys: [join(etc, "trusted.gpg"), ...filesOf(join(etc, "trusted.gpg.d"), /\.(?:gpg|asc)$/)].filter((file) =>
      existsSync(file),
    ),
    archiveKeys: existsSync(whole) ? [whole] : filesOf(shared, /^debian-archive-.*\.(?:gpg|asc|pgp)$/),
    proxy: proxyOf([join(etc, "apt.conf"), ...filesOf(join(etc, "apt.conf.d"), /^[A-Za-z0-9_.-]+$/)]),
  };
}

function isReachable({ types, uris }: AptSource): boolean {
  return types.includes("deb") && uris.some((uri) => /^https?:/i.test(uri));
}

function filesOf(directory: string, name: RegExp): readonly string[] {
  try {
    const names = readdirSync(directory).filter((each) => name.test(each));
    return names.sort().map((each) => join(directory, each));
  } catch {
    return [];
  }
}

/** The flat form alone; the last one counts, as with apt. */
function proxyOf(files: readonly string[]): string | undefined {
  const set = files.flatMap((file) => [...textOf(file).matchAll(/^\s*Acquire::http::Proxy\s+"([^"]*)"\s*;/gim)]);
  const last = set.at(-1)?.[1];
  return last === undefined || last === "" || last === "DIRECT" ? undefined : last;
}

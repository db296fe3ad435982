import { byCodeUnit } from "../lock/by-code-unit.ts";
import { isPackageName } from "../lock/install-path.ts";
import type { PnpmLock } from "../lock/lock-file.ts";
import { lockError } from "../lock/lock-source.ts";

/** The snapshot key that a dependency stands for (pnpm, `refToRelative`): an alias is written as a whole key. */
export function depPathOf(name: string, version: string): string {
  if (version.startsWith("@")) return version;
  const at = version.indexOf("@");
  if (at < 0) return `${name}@${version}`;
  const colon = version.indexOf(":");
  const bracket = version.indexOf("(");
  const isKey = (colon < 0 || at < colon) && (bracket < 0 || at < bracket);
  return isKey ? version : `${name}@${version}`;
}

/** Name and version of a snapshot key: `@s/x@1.0.0(react@18.0.0)` → `@s/x`, `1.0.0`. */
export function splitDepPath(key: string): { readonly name: string; readonly version: string } {
  const bare = key.replace(/\(.*$/s, "");
  const at = bare.indexOf("@", 1);
  return at < 0 ? { name: bare, version: "" } : { name: bare.slice(0, at), version: bare.slice(at + 1) };
}

/**
 * Install path of every snapshot: `node_modules/.pnpm/KEY/node_modules/NAME`, where KEY is the snapshot's key made fit
 * for a file name, short, and unlike every other.
 */
export function storeDirectories(lock: PnpmLock): ReadonlyMap<string, string> {
  const directories = new Map<string, string>();
  const taken = new Set<string>();
  for (const key of [...lock.snapshots.keys()].sort(byCodeUnit)) {
    const { name, version } = splitDepPath(key);
    if (!isPackageName(name) || version === "") {
      throw lockError(lock.source, `${JSON.stringify(key)} is no key of a snapshot, wanted "name@version"`, { key });
    }
    const plain = fileName(key);
    let unique = plain;
    for (let again = 2; taken.has(unique); again++) unique = `${plain}_${again}`;
    taken.add(unique);
    directories.set(key, `node_modules/.pnpm/${unique}/node_modules/${name}`);
  }
  return directories;
}

function fileName(key: string): string {
  const plain = key.replace(/[^A-Za-z0-9@._+-]/g, (char) => (/[()]/.test(char) ? "_" : "+")).replace(/_+$/, "");
  const safe = /^[A-Za-z0-9@]/.test(plain) ? plain : `p${plain}`;
  return safe.length <= 100 ? safe : `${safe.slice(0, 80)}_${shortHash(key)}`;
}

/** 13 letters and digits that differ for different keys but for chance (FNV-1a, 64 bits); no key to anything. */
function shortHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return hash.toString(36).padStart(13, "0");
}

/**
 * Whether `path` may be a directory of a lock: relative, `/`-separated, without empty, `.` or inner `..` parts. Leading
 * `..` is allowed: npm records links to directories outside of the root so.
 */
export function isInstallPath(path: string): boolean {
  if (path === "") return true;
  if (/[\\\0]/.test(path)) return false;
  const inner = path.replace(/^(?:\.\.\/)*(?:\.\.$)?/, "");
  return inner === "" || inner.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** Whether `name` may be the name of a package: one path part, or two when scoped. */
export function isPackageName(name: string): boolean {
  return /^(?:@[^/\\\0@]+\/)?[^/\\\0@][^/\\\0]*$/.test(name) && !/(?:^|\/)\.{1,2}$/.test(name);
}

/** Whether the directory is outside of the root of the lock. */
export function isOutside(path: string): boolean {
  return path === ".." || path.startsWith("../");
}

/** Joins two relative paths and resolves `.` and `..`; the result may be outside (leading `..`). */
export function joinPath(base: string, relative: string): string {
  const parts: string[] = [];
  for (const part of `${base}/${relative}`.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

/** How the directory `from` names `to`; both relative to the same root and inside of it. */
export function relativePath(from: string, to: string): string {
  const a = from === "" ? [] : from.split("/");
  const b = to === "" ? [] : to.split("/");
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return [...a.slice(same).map(() => ".."), ...b.slice(same)].join("/") || ".";
}

/** The name under which a package at `node_modules/…` is required; undefined for a directory outside `node_modules`. */
export function requiredName(installPath: string): string | undefined {
  const found = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(installPath);
  return found?.[1];
}

/** The `node_modules` directory that holds a package: `a/node_modules/@s/x` → `a/node_modules`. */
export function modulesDirectory(installPath: string): string | undefined {
  const name = requiredName(installPath);
  return name === undefined ? undefined : installPath.slice(0, -name.length - 1);
}

/** The directory whose `node_modules` holds a package: the package or workspace that owns it. */
export function ownerPath(installPath: string): string | undefined {
  return modulesDirectory(installPath)?.replace(/\/?node_modules$/, "");
}

/**
 * Where Node finds `name` when a file in `directory` requires it: the nearest `node_modules/name` upward that `has`
 * (nodejs.org, "Loading from node_modules folders").
 */
export function lookUp(directory: string, name: string, has: (path: string) => boolean): string | undefined {
  for (let at: string | undefined = directory; at !== undefined; at = parentOf(at)) {
    if (at === "node_modules" || at.endsWith("/node_modules")) continue;
    const candidate = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (has(candidate)) return candidate;
  }
  return undefined;
}

function parentOf(path: string): string | undefined {
  if (path === "") return undefined;
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

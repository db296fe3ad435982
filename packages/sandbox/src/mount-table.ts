/** One mount, in the words of fstab(5). */
export interface MountEntry {
  readonly source: string;
  /** Relative to the scratch directory of a run. */
  readonly target: string;
  /** `none` for what is bound. */
  readonly type: string;
  readonly options: readonly string[];
}

/** The text of a table for `mount --all --fstab`: one process makes all mounts, in their order. */
export function mountTable(entries: readonly MountEntry[]): string {
  return entries
    .map(({ source, target, type, options }) => {
      // mount(8) takes a target called "root" for that of the machine, and skips it.
      return `${[source, `./${target}`, type, options.join(",")].map(field).join(" ")} 0 0\n`;
    })
    .join("");
}

function field(text: string): string {
  return text.replace(/[\s\\#]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/** A directory or file that is seen at a second place. */
export function bindEntry(source: string, target: string, options: readonly string[]): MountEntry {
  return { source, target, type: "none", options: ["bind", ...options] };
}

/**
 * The options of the mount that a path lies on which a user namespace may not take away, from the text of
 * /proc/self/mountinfo (proc(5)): a bind mount of the path that is made read-only must name them again.
 */
export function lockedOptions(mountinfo: string, path: string): readonly string[] {
  let best = "";
  let found: readonly string[] = [];
  for (const line of mountinfo.split("\n")) {
    const [, , , , point = "", options = ""] = line.split(" ");
    const at = point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const holds = at === "/" || path === at || path.startsWith(`${at}/`);
    // Of two mounts at one place the later lies on top.
    if (!at.startsWith("/") || !holds || at.length < best.length) continue;
    best = at;
    found = options.split(",").filter((name) => LOCKED.has(name));
  }
  return found;
}

const LOCKED = new Set(["nosuid", "nodev", "noexec", "ro"]);

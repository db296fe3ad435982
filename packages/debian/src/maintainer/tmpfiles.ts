/** One line of tmpfiles.d(5): something that is to be there. */
export interface WantedPath {
  /**
   * `directory` and `file` make what is missing and set owner and mode of what is there; `own` only sets them; `link` and `copy`
   * make what is missing; `relink` is a link that also takes the place of an empty directory.
   */
  readonly kind: "directory" | "file" | "own" | "link" | "relink" | "copy";
  /** Relative to the root. */
  readonly path: string;
  /** Permission bits; undefined leaves what is there, or is the usual. */
  readonly mode: number | undefined;
  /** Names or numbers; undefined for root, or what is there. */
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** Of a file its content, of a link its target, of a copy the path that it is of. */
  readonly argument: string;
  /** Of `own` and `copy`: also of all that is below. */
  readonly recursive?: boolean;
  /** Changes to the mode that is there, as chmod(1) writes them: `g+s,o-rwx`. */
  readonly modeChange?: string;
  /** It is made only when this is there: an absolute path. */
  readonly requires?: string;
}

const KINDS: Readonly<Record<string, WantedPath["kind"]>> = {
  d: "directory",
  D: "directory",
  v: "directory",
  q: "directory",
  Q: "directory",
  f: "file",
  L: "link",
  C: "copy",
  z: "own",
};

/** Whether a path is a configuration that `systemd-tmpfiles` reads. */
export function isTmpfilesPath(path: string): boolean {
  return /^(?:usr\/lib|etc)\/tmpfiles\.d\/[^/]+\.conf$/.test(path);
}

/**
 * What a tmpfiles.d(5) file wants to be there. Lines that clean up, that are for the boot alone, or that have specifiers (`%`) or
 * patterns say nothing of an image and are left out, and so is what cannot be read: nothing is thrown.
 */
export function wantedPaths(text: string): readonly WantedPath[] {
  return text.split("\n").flatMap((line): readonly WantedPath[] => {
    const [type = "", path = "", mode = "-", user = "-", group = "-", , ...rest] = line.trim().split(/\s+/);
    const argument = rest.join(" ");
    const kind = type === "L+" ? "relink" : KINDS[type.replace(/[+=$^~]/g, "")];
    if (kind === undefined || !/^\/[^%*?[\]]*$/.test(path) || /%/.test(argument)) return [];
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    if (parts.length === 0 || parts.includes("..") || parts.some((part) => part.startsWith(".wh."))) return [];
    const isMode = /^[~:]*[0-7]{3,4}$/.test(mode);
    return [
      {
        kind,
        path: parts.join("/"),
        mode: isMode ? Number.parseInt(mode.replace(/^[~:]+/, ""), 8) : undefined,
        user: nameOf(user),
        group: nameOf(group),
        argument: argument === "-" ? "" : argument.replaceAll("\\n", "\n"),
      },
    ];
  });
}

function nameOf(text: string): string | undefined {
  return text === "-" || text === "" ? undefined : text.replace(/^:/, "");
}

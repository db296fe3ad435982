import { byCodeUnit } from "../text/by-code-unit.ts";
import { isDynamic, type ShellCommand } from "./shell/run.ts";

/** A choice that a package offers to `update-alternatives --install`. */
export interface Alternative {
  readonly package: string;
  /** Where the command is looked for: `/usr/bin/awk`. */
  readonly link: string;
  /** Name in `/etc/alternatives`. */
  readonly name: string;
  /** What it stands for: `/usr/bin/mawk`. */
  readonly path: string;
  readonly priority: number;
  readonly slaves: readonly { readonly link: string; readonly name: string; readonly path: string }[];
}

/** The alternatives that commands of a script would install, and whether there are calls that only running them would tell. */
export function alternativesOf(
  commands: readonly ShellCommand[],
  packageName: string,
): { readonly alternatives: readonly Alternative[]; readonly complete: boolean } {
  const alternatives: Alternative[] = [];
  let complete = true;
  for (const { words } of commands) {
    const at = words.indexOf("--install");
    if (!words.some((word) => /(^|\/)update-alternatives$/.test(word)) || at === -1) continue;
    const alternative = alternativeOf(words.slice(at + 1), packageName);
    if (alternative === undefined) complete = false;
    else alternatives.push(alternative);
  }
  return { alternatives, complete };
}

function alternativeOf(words: readonly string[], packageName: string): Alternative | undefined {
  const [link = "", name = "", path = "", priority = "", ...rest] = words;
  if (!isPath(link) || !isPath(path) || !isName(name) || !/^-?[0-9]{1,9}$/.test(priority)) return undefined;
  const slaves: { link: string; name: string; path: string }[] = [];
  for (let index = 0; index < rest.length; index += 1) {
    if (rest[index] !== "--slave") continue;
    const [slaveLink = "", slaveName = "", slavePath = ""] = rest.slice(index + 1, index + 4);
    if (!isPath(slaveLink) || !isPath(slavePath) || !isName(slaveName)) return undefined;
    slaves.push({ link: slaveLink, name: slaveName, path: slavePath });
    index += 3;
  }
  return { package: packageName, link, name, path, priority: Number(priority), slaves };
}

function isPath(word: string): boolean {
  return /^\/[^\n]+$/.test(word) && !isDynamic(word) && !word.split("/").includes("..");
}

function isName(word: string): boolean {
  return /^[^/\s]+$/.test(word) && !isDynamic(word) && word !== "." && word !== "..";
}

/** A symlink to be made. */
export interface Link {
  /** Relative to the root. */
  readonly path: string;
  /** As it is written into the link. */
  readonly target: string;
}

/** The links in auto mode, and dpkg's own record of them. */
export interface InstalledAlternatives {
  /** Sorted by path. */
  readonly links: readonly Link[];
  /** `var/lib/dpkg/alternatives/NAME`, so that `update-alternatives` goes on from here; sorted by path. */
  readonly files: readonly { readonly path: string; readonly content: Buffer }[];
}

/**
 * What `update-alternatives` would have made: of each name the choice of the highest priority (of equals the first by
 * path), with those of its slaves whose file is there. `exists` says whether an absolute path is in the tree; choices whose
 * file is not are left out, and a link never takes the place of something that a package brought.
 */
export function installAlternatives(
  alternatives: readonly Alternative[],
  exists: (path: string) => boolean,
): InstalledAlternatives {
  const groups = new Map<string, Alternative[]>();
  for (const alternative of [...alternatives].sort(
    (a, b) => byCodeUnit(a.name, b.name) || byCodeUnit(a.path, b.path),
  )) {
    if (!exists(alternative.path)) continue;
    const group = groups.get(alternative.name);
    if (group === undefined) groups.set(alternative.name, [alternative]);
    else if (!group.some(({ path }) => path === alternative.path)) group.push(alternative);
  }
  const links = new Map<string, string>();
  const files: { path: string; content: Buffer }[] = [];
  for (const [name, group] of groups) {
    const best = group.reduce((a, b) => (b.priority > a.priority ? b : a));
    for (const { link, name: own, path } of [best, ...best.slaves.filter((slave) => exists(slave.path))]) {
      links.set(`etc/alternatives/${own}`, path);
      if (!exists(link)) links.set(link.slice(1), `/etc/alternatives/${own}`);
    }
    files.push({ path: `var/lib/dpkg/alternatives/${name}`, content: Buffer.from(recordOf(best, group, exists)) });
  }
  return {
    links: [...links].map(([path, target]) => ({ path, target })).sort((a, b) => byCodeUnit(a.path, b.path)),
    files,
  };
}

/** The format of dpkg's utils/update-alternatives.c, `alternative_save`. */
function recordOf(best: Alternative, group: readonly Alternative[], exists: (path: string) => boolean): string {
  const slaves = new Map(group.flatMap(({ slaves: own }) => own.map(({ name, link }) => [name, link] as const)));
  for (const { name, link } of best.slaves) slaves.set(name, link);
  const names = [...slaves.keys()].sort(byCodeUnit);
  const lines = ["auto", best.link, ...names.flatMap((name) => [name, slaves.get(name) ?? ""]), ""];
  for (const { path, priority, slaves: own } of group) {
    const files = names.map((name) => own.find((slave) => slave.name === name && exists(slave.path))?.path ?? "");
    lines.push(path, String(priority), ...files);
  }
  return [...lines, "", ""].join("\n");
}

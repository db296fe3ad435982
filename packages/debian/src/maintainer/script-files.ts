import { isModeChange } from "./mode-change.ts";
import { isDynamic, type ShellCommand } from "./shell/run.ts";
import type { WantedPath } from "./tmpfiles.ts";

/** What the commands of a script do to files, and the names of those that do what cannot be told. */
export interface ScriptFiles {
  readonly paths: readonly WantedPath[];
  /** Each once, in their order. */
  readonly unknown: readonly string[];
}

/** Commands that change files, where it cannot be read off how. */
const EFFECTIVE =
  /^(?:fc-cache|glib-compile-schemas|gtk-update-icon-cache|make-ssl-cert|mktexlsr|openssl|perl|python3?|setcap|ssh-keygen|tar|update-(?!alternatives$|ca-certificates$|rc\.d$|exim4|icon-caches$|inetd$|initramfs$|binfmts$|grub|menus$|mime$)[a-z.-]+)$/;

type Reader = (call: Call) => readonly WantedPath[] | undefined;

/** Options apart from words. */
interface Call {
  readonly options: ReadonlyMap<string, string>;
  readonly words: readonly string[];
}

/** Options with a value, of each command that is understood. */
const WITH_VALUE: Readonly<Record<string, string>> = {
  chgrp: "",
  chmod: "",
  chown: "",
  cp: "tT",
  "dpkg-statoverride": "",
  install: "mogtT",
  ln: "tT",
  mkdir: "mZ",
  touch: "dr",
  ucf: "",
};

const READERS: Readonly<Record<string, Reader>> = {
  chgrp: ({ options, words: [group = "", ...paths] }) => own(paths, { group, recursive: isRecursive(options) }),
  chmod: readChmod,
  chown: readChown,
  cp: readCopy,
  // Those that only keep files while they move into a merged /usr change nothing here.
  "dpkg-divert": ({ options, words }) =>
    [...options.values(), ...words].some((word) => word.endsWith("usr-is-merged")) || options.has("--remove")
      ? []
      : undefined,
  "dpkg-statoverride": readOverride,
  install: readInstall,
  ln: readLink,
  mkdir: ({ options, words }) => directories(words, { mode: modeOf(options.get("-m") ?? options.get("--mode")) }),
  a2enconf: ({ words }) => enabled(words, "conf", [".conf"]),
  a2enmod: ({ words }) => enabled(words, "mods", [".load", ".conf"]),
  a2ensite: ({ words }) => enabled(words, "sites", [".conf"]),
  touch: ({ words }) => plain(words)?.map((path) => ({ ...BLANK, kind: "file", path })),
  ucf: readCopy,
};

/** What makes something where nothing is: of these only those count that run for sure. */
const MAKERS: ReadonlySet<string> = new Set(["cp", "install", "ln", "touch", "ucf"]);

/**
 * Reads off what commands would have done. Paths are those of the image; nothing is thrown. Owners, modes and directories count also
 * where a condition is open, for they change nothing that is not there.
 */
export function scriptFiles(commands: readonly ShellCommand[]): ScriptFiles {
  const paths: WantedPath[] = [];
  const unknown = new Set<string>();
  const removed = new Set<string>();
  for (const { words, certain } of commands) {
    const [first = "", ...given] = words;
    const name = first.replace(/^\/(?:usr\/)?s?bin\//, "");
    if (name === "rmdir") for (const path of plain(given) ?? []) removed.add(path);
    const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    const call = callOf(name, given);
    const isDirectory = name === "install" && (call.options.has("-d") || call.options.has("--directory"));
    if (MAKERS.has(name) && !certain && !isDirectory) continue;
    const read = reader?.(call);
    if (read !== undefined) paths.push(...read.map((each) => overRemoved(each, removed)));
    else if (reader !== undefined || EFFECTIVE.test(name)) unknown.add(name);
  }
  return { paths, unknown: [...unknown] };
}

/** A link where an empty directory was before takes its place. */
function overRemoved(wanted: WantedPath, removed: ReadonlySet<string>): WantedPath {
  return wanted.kind === "link" && removed.has(wanted.path) ? { ...wanted, kind: "relink" } : wanted;
}

function callOf(name: string, given: readonly string[]): Call {
  const options = new Map<string, string>();
  const words: string[] = [];
  const withValue = WITH_VALUE[name] ?? "";
  for (let i = 0; i < given.length; i += 1) {
    const word = given[i] ?? "";
    if (word === "--") continue;
    const [, long, value] = /^(--[a-z-]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (long !== undefined) {
      const takesNext = value === undefined && name === "install" && ["--mode", "--owner", "--group"].includes(long);
      options.set(long, takesNext ? (given[i + 1] ?? "") : (value ?? ""));
      if (takesNext) i += 1;
      continue;
    }
    if (!/^-[A-Za-z]/.test(word)) {
      words.push(word);
      continue;
    }
    for (const [j, letter] of [...word.slice(1)].entries()) {
      if (!withValue.includes(letter)) {
        options.set(`-${letter}`, "");
        continue;
      }
      const rest = word.slice(j + 2);
      options.set(`-${letter}`, rest === "" ? (given[i + 1] ?? "") : rest);
      if (rest === "") i += 1;
      break;
    }
  }
  return { options, words };
}

const BLANK = { mode: undefined, user: undefined, group: undefined, argument: "" } as const;

/** Paths relative to the root; undefined when one is not absolute, or only running the script would tell. */
function plain(words: readonly string[]): readonly string[] | undefined {
  const paths = words.map((word) => {
    const parts = word.split("/").filter((part) => part !== "" && part !== ".");
    const isGood = word.startsWith("/") && !isDynamic(word) && parts.length > 0 && !parts.includes("..");
    return isGood && !parts.some((part) => part.startsWith(".wh.")) ? parts.join("/") : undefined;
  });
  return paths.every((path) => path !== undefined) ? (paths as readonly string[]) : undefined;
}

function isRecursive(options: ReadonlyMap<string, string>): boolean {
  return options.has("-R") || options.has("--recursive");
}

interface Owner {
  readonly mode?: number | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly recursive?: boolean;
}

function own(words: readonly string[], { recursive = false, ...owner }: Owner): readonly WantedPath[] | undefined {
  const names = [owner.user, owner.group].filter((name) => name !== undefined);
  if (names.some((name) => isDynamic(name) || !/^[\w.-]+$/.test(name))) return undefined;
  return plain(words)?.map((path) => ({ ...BLANK, ...owner, kind: "own", path, recursive }));
}

function directories(words: readonly string[], owner: Owner): readonly WantedPath[] | undefined {
  return plain(words)?.map((path) => ({ ...BLANK, ...owner, kind: "directory", path }));
}

function modeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-7]{1,4}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

function readChmod({ options, words: [text = "", ...paths] }: Call): readonly WantedPath[] | undefined {
  const mode = modeOf(text);
  const recursive = isRecursive(options);
  if (mode !== undefined) return recursive ? undefined : own(paths, { mode });
  if (!isModeChange(text)) return undefined;
  return own(paths, { recursive })?.map((each) => ({ ...each, modeChange: text }));
}

/** What Apache's tools link: a relative link for each file that is there. */
function enabled(
  names: readonly string[],
  what: string,
  suffixes: readonly string[],
): readonly WantedPath[] | undefined {
  if (names.some((name) => !/^[\w.-]+$/.test(name))) return undefined;
  return names.flatMap((name) =>
    suffixes.map((suffix): WantedPath => {
      const file = `${name.replace(/\.conf$/, "")}${suffix}`;
      const requires = `/etc/apache2/${what}-available/${file}`;
      return {
        ...BLANK,
        kind: "link",
        path: `etc/apache2/${what}-enabled/${file}`,
        argument: `../${what}-available/${file}`,
        requires,
      };
    }),
  );
}

function readChown({ options, words: [text = "", ...paths] }: Call): readonly WantedPath[] | undefined {
  const [user, group] = text.split(/[:.]/, 2);
  return own(paths, {
    user: user || undefined,
    group: group || (text.endsWith(":") ? user : undefined),
    recursive: isRecursive(options),
  });
}

function readOverride({ options, words: [user = "", group = "", mode = "", path = ""] }: Call) {
  if (!options.has("--add")) return [];
  return own([path], { user, group, mode: modeOf(mode) });
}

function readInstall({ options, words }: Call): readonly WantedPath[] | undefined {
  const owner = {
    mode: modeOf(options.get("-m") ?? options.get("--mode")),
    user: options.get("-o") ?? options.get("--owner"),
    group: options.get("-g") ?? options.get("--group"),
  };
  if ([owner.user, owner.group].some((name) => name !== undefined && isDynamic(name))) return undefined;
  if (options.has("-d") || options.has("--directory")) return directories(words, owner);
  const [from, to] = plain(words) ?? [];
  if (from === undefined || to === undefined || words.length !== 2) return undefined;
  return [{ ...BLANK, ...owner, kind: "copy", path: to, argument: `/${from}` }];
}

function readCopy({ options, words }: Call): readonly WantedPath[] | undefined {
  const [from, to] = plain(words) ?? [];
  if (from === undefined || to === undefined || words.length !== 2) return undefined;
  const recursive = ["-r", "-R", "-a", "--recursive", "--archive"].some((option) => options.has(option));
  return [{ ...BLANK, kind: "copy", path: to, argument: `/${from}`, recursive }];
}

/** Where the link's path ends in `/` it is a directory, in which the link is. */
function readLink({ options, words: [target = "", place = "", ...more] }: Call): readonly WantedPath[] | undefined {
  if (!options.has("-s") && !options.has("--symbolic")) return undefined;
  const [path] = plain([place]) ?? [];
  if (path === undefined || target === "" || isDynamic(target) || more.length > 0) return undefined;
  const full = place.endsWith("/") ? `${path}/${target.slice(target.lastIndexOf("/") + 1)}` : path;
  return [{ ...BLANK, kind: "link", path: full, argument: target }];
}

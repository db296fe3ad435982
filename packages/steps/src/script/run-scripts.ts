import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Position } from "@imgbuild/errors";
import type { LayerScript } from "@imgbuild/graph";
import { type BaseView, entryTar, type LayerEntry } from "@imgbuild/image";
import {
  BUILDER_ID,
  type ChangedFile,
  extract,
  idsHint,
  OutputLines,
  type RecordedDevice,
  readChanges,
  removeTree,
  type Sandbox,
  type SandboxRun,
  writeAll,
} from "@imgbuild/sandbox";
import { deletedPaths, ownedBy } from "./script-entries.ts";
import { scriptFailure } from "./script-failure.ts";
import { throughBase } from "./through-base.ts";

/** What the scripts of one layer run on. */
export interface ScriptGround {
  readonly sandbox: Sandbox;
  /** An empty directory of this layer; the caller removes it once the changes were packed. */
  readonly directory: string;
  /** Unpacked layers of the base, lowest first. */
  readonly lower: readonly string[];
  readonly base: BaseView | undefined;
  /** Whether what a script makes without seeing the base goes through links to directories there. */
  readonly baseLinks: "follow" | "replace";
  readonly signal: AbortSignal;
  readonly timeoutSeconds: number | null;
  readonly diskMiB: number | undefined;
  /** Owner of what a script without rights makes. */
  readonly uid: number;
  readonly gid: number;
  readonly position: Position | null;
  /** Of a target that has this layer. */
  readonly label: string;
  /** Told whole lines that scripts print. */
  readonly print: (script: string, lines: readonly string[]) => void;
  /** Called for a sandbox that a failed script leaves; gives its path if it stays. */
  readonly onFailed: (run: KeptRun) => string | undefined;
}

/** How to enter a sandbox again. */
export interface KeptRun {
  /** All of it. */
  readonly sandbox: string;
  /** Where the script that failed ran. */
  readonly directory: string;
  readonly run: Pick<SandboxRun, "root" | "cwd" | "binds" | "user">;
}

/** What scripts left, where it comes to be over the base. */
export interface ScriptChanges {
  readonly changed: readonly LayerEntry[];
  /** Paths of the base that are deleted and that `changed` has no mark for. */
  readonly gone: readonly string[];
}

/**
 * Runs scripts over new files, in order; gives the changes. A script that does not see the base finds the files where the sources
 * put them, one that does where they come to be through the links of the base. A script without rights works on files that are all its own; their
 * owners are put back afterwards. Scripts of one kind of user that follow each other work on one directory.
 */
export async function runScripts(
  scripts: readonly LayerScript[],
  files: readonly LayerEntry[],
  ground: ScriptGround,
): Promise<ScriptChanges> {
  const { base } = ground;
  const place = (some: readonly LayerEntry[]): readonly LayerEntry[] =>
    base === undefined || ground.baseLinks === "replace" ? some : throughBase(some, base);
  let entries = files;
  let gone: readonly string[] = [];
  for (const [i, group] of byUser(scripts).entries()) {
    const directory = `${ground.directory}/${i}`;
    mkdirSync(directory);
    const seesBase = group.some((script) => script.view === "root");
    const before = place(entries);
    const given = seesBase ? [...before, ...gone.map(hole)] : entries;
    entries = await runGroup(group, given, { ...ground, directory });
    const changed = place(entries);
    const there = new Set(changed.map(({ header }) => header.path));
    const still = gone.filter((path) => !there.has(path));
    gone = seesBase ? [] : [...new Set([...still, ...deletedPaths(before, changed, base)])];
  }
  return { changed: place(entries), gone };
}

/** How overlayfs keeps a deletion. */
function hole(path: string): LayerEntry {
  return { header: { ...rootEntry(undefined).header, path, type: "char", mode: 0 }, content: undefined };
}

/** Runs of scripts with one user. */
function byUser(scripts: readonly LayerScript[]): LayerScript[][] {
  const groups: LayerScript[][] = [];
  for (const script of scripts) {
    const last = groups.at(-1);
    if (last?.[0]?.user === script.user) last.push(script);
    else groups.push([script]);
  }
  return groups;
}

async function runGroup(
  scripts: readonly LayerScript[],
  files: readonly LayerEntry[],
  ground: ScriptGround,
): Promise<ChangedFile[]> {
  const { sandbox, directory, signal } = ground;
  const upper = `${directory}/upper`;
  const builder = scripts[0]?.user === "builder";
  const owner = builder ? (sandbox.abilities.mode === "single" ? 0 : BUILDER_ID) : undefined;
  for (const name of ["upper", "work", "spool"]) mkdirSync(`${directory}/${name}`);
  chmodSync(upper, 0o755);
  const root = ground.base?.get("");
  const first = files.some(({ header }) => header.path === ".") ? [] : [rootEntry(root)];
  const placed = [...first, ...files].map((entry) =>
    owner === undefined ? entry : { ...entry, header: { ...entry.header, uid: owner, gid: owner } },
  );
  await extract(sandbox.abilities, {
    directory: upper,
    signal,
    feed: (stdin) => writeAll(stdin, entryTar(placed)),
  });
  const devices = new Map<string, RecordedDevice>();
  let fileMarks = false;
  for (const [i, script] of scripts.entries())
    fileMarks = (await runOne(script, { ground, upper, devices, scratch: `${directory}/run-${i}` })) || fileMarks;
  const changed = await readChanges(sandbox.abilities, {
    directory: upper,
    spool: `${directory}/spool`,
    devices,
    fileMarks,
    signal,
  });
  return builder ? ownedBy(changed, { before: files, uid: ground.uid, gid: ground.gid }) : changed;
}

function rootEntry(
  root: { readonly mode: number; readonly uid: number; readonly gid: number } | undefined,
): LayerEntry {
  const { mode, uid, gid } = root ?? { mode: 0o755, uid: 0, gid: 0 };
  const header = {
    path: ".",
    type: "directory",
    mode,
    uid,
    gid,
    uname: "",
    gname: "",
    size: 0,
    mtime: 1,
    linkname: "",
    devMajor: 0,
    devMinor: 0,
  } as const;
  return { header, content: undefined };
}

const TREE = "/build";

/** Tells whether deletions may be marked by files. */
async function runOne(
  script: LayerScript,
  at: {
    readonly ground: ScriptGround;
    readonly upper: string;
    readonly devices: Map<string, RecordedDevice>;
    readonly scratch: string;
  },
): Promise<boolean> {
  const { ground, upper, scratch } = at;
  const { sandbox, timeoutSeconds } = ground;
  mkdirSync(scratch);
  const view: KeptRun["run"] =
    script.view === "root"
      ? {
          root: { kind: "overlay", lower: ground.lower, upper, work: `${ground.directory}/work` },
          cwd: "/",
          binds: [],
          user: script.user,
        }
      : {
          root: { kind: "host" },
          cwd: TREE,
          binds: [{ source: upper, target: TREE, readOnly: false }],
          user: script.user,
        };
  const lines = new OutputLines((said) => ground.print(script.name, said));
  const end = await sandbox.run({
    ...view,
    command: { script: script.text },
    env: {},
    network: false,
    timeoutMs: timeoutSeconds === null ? undefined : timeoutSeconds * 1000,
    limits: { diskBytes: ground.diskMiB === undefined ? undefined : ground.diskMiB * 2 ** 20 },
    signal: ground.signal,
    scratch,
    onOutput: (bytes) => lines.add(bytes),
  });
  lines.end();
  const prefix = script.view === "root" ? "/" : `${TREE}/`;
  for (const [path, device] of end.devices)
    if (path.startsWith(prefix)) at.devices.set(path.slice(prefix.length), device);
  if (end.code === 0 && !end.timedOut && end.diskFull === undefined) {
    await removeTree(sandbox.abilities, scratch);
    return end.fileMarks;
  }
  const kept = ground.onFailed({ sandbox: dirname(ground.directory), directory: ground.directory, run: view });
  if (kept !== undefined) writeFileSync(`${scratch}/script`, script.text);
  const { name } = script;
  throw scriptFailure(end, {
    what: `script ${name}`,
    timeoutSeconds,
    diskMiB: ground.diskMiB,
    text: script.text,
    position: ground.position,
    kept,
    label: ground.label,
    note: noteOn(script, ground, end.tail),
  });
}

/** What the failure of a script may come from; empty when nothing speaks for it. */
function noteOn(script: LayerScript, { sandbox }: ScriptGround, tail: readonly string[]): string {
  const { abilities } = sandbox;
  const says = (pattern: RegExp) => tail.some((line) => pattern.test(line));
  if (script.view === "tree" && says(/Read-only file system/))
    return `In ${script.name} paths are relative to the image's root: write etc/x for /etc/x`;
  if (abilities.mode !== "single" || script.user !== "root") return "";
  if (!says(/Invalid argument|not permitted|setgroups|seteuid|chown/)) return "";
  return `This user has one id only (${abilities.missingIds}). ${idsHint(abilities)}`;
}

import { hash } from "node:crypto";
import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { fromUnknown, systemCode } from "@imgbuild/errors";
import { encodeNode, type MerkleEntry, nodeDigest } from "@imgbuild/graph";
import type { FileHasher } from "./file-hasher.ts";
import { type DirectoryRecord, Flag, packDirectory, unpackDirectory } from "./packed-directory.ts";
import type { Selection } from "./selection.ts";
import { badName, brokenLink, linkEscapes, notPackable } from "./sweep-errors.ts";
import { FileType, type SweepCounters, type SweptDirectory, typeOf } from "./swept-tree.ts";

/** Everything a sweep of one root shares between its directories. */
export interface SweepContext {
  readonly root: string;
  readonly workspaceRoot: string;
  readonly selection: Selection;
  readonly follow: boolean;
  /** Packed directories as they were at the last sweep, by path relative to the root. */
  readonly before: Map<string, Buffer>;
  /** Whether all files and links of a directory were seen to be as `before` says. False: nobody has looked. */
  readonly isUnchanged: (relative: string) => boolean;
  /** Directories to write back, and Merkle nodes of states that are gone; filled by the sweep. */
  readonly changed: Map<string, Uint8Array>;
  readonly nodes: Map<string, Uint8Array>;
  readonly counters: SweepCounters;
  /** Directories that are never packed: imgbuild's own cache. */
  readonly hidden: ReadonlySet<string>;
  readonly now: () => number;
  /** Told of the files to be hashed. */
  readonly hasher: FileHasher;
  /** Totals of the files seen; filled by the sweep. */
  readonly totals: { files: number; bytes: number };
}

/** Times closer than this to the moment of reading prove nothing (kernel ticks); whole-second file systems get more. */
const RACY_MS = 20;
const RACY_COARSE_MS = 2_000;

/** A record being filled, one slot a name. */
interface Draft {
  readonly names: readonly string[];
  readonly mtimeMs: Float64Array;
  readonly ctimeMs: Float64Array;
  readonly size: Float64Array;
  readonly inode: Float64Array;
  readonly mode: Uint32Array;
  readonly flags: Uint8Array;
  readonly digests: string[];
}

/**
 * Compares the directory at `relative` ("" for the root) and all below it with their snapshot. Files that may have changed
 * go to `context.hasher`; {@link settle} waits for them and gives the result.
 */
export function scanDirectory(
  context: SweepContext,
  relative: string,
  known: { readonly above: readonly number[]; readonly sameNames: boolean } = { above: [], sameNames: false },
): Scan {
  const directory = relative === "" ? context.root : `${context.root}/${relative}`;
  const old = takeOld(context, relative);
  const names = known.sameNames && old !== undefined ? old.names : readNames(directory);
  return scanListed(context, { relative, directory, names, old, above: known.above });
}

/** The same for the given names of the root alone. */
export function scanOnly(context: SweepContext, names: readonly string[]): Scan {
  return scanListed(context, { relative: "", directory: context.root, names, old: takeOld(context, ""), above: [] });
}

/** The record of the last sweep; what is left in `before` at the end is gone from the disk. */
function takeOld(context: SweepContext, relative: string): DirectoryRecord | undefined {
  const packed = context.before.get(relative);
  context.before.delete(relative);
  return packed === undefined ? undefined : unpackDirectory(packed);
}

function scanListed(
  context: SweepContext,
  list: Pick<Scan, "relative" | "directory" | "names" | "old" | "above">,
): Scan {
  const { names, old } = list;
  const same = old !== undefined && sameNames(old.names, names);
  const scan: Scan = { ...list, same, draft: same ? undefined : emptyDraft(names), children: new Map() };
  const oldIndex = same || old === undefined ? undefined : new Map(old.names.map((name, i) => [name, i]));
  const unchanged = same && context.isUnchanged(list.relative);
  for (let i = 0; i < names.length; i++) {
    if (unchanged && skipFile(context, old, i)) continue;
    scanName(context, scan, i, same ? i : (oldIndex?.get(names[i] as string) ?? -1));
  }
  return scan;
}

/** The result of a scan, while or after its files are hashed: digests from the bottom up, and records to write back. */
export function settle(context: SweepContext, scan: Scan): SweptDirectory {
  const children = new Map<number, SweptDirectory>();
  for (const [i, { scan: below, stat, flags }] of scan.children) {
    const child = settle(context, below);
    children.set(i, child);
    const kept = context.selection.keepsEmptyDirectories || hasWanted(child);
    const digest = kept ? child.record.digest : "";
    record(scan, { i, before: scan.same ? i : -1, stat, flags: kept ? flags : Flag.ignored, digest });
  }
  if (scan.draft === undefined && scan.old !== undefined) return { record: scan.old, children };
  return finish(context, scan, children);
}

/** One directory between being looked at and being settled. */
export interface Scan {
  readonly relative: string;
  readonly directory: string;
  readonly names: readonly string[];
  readonly old: DirectoryRecord | undefined;
  /** Whether the names are those of `old`, index by index. */
  readonly same: boolean;
  draft: Draft | undefined;
  readonly above: readonly number[];
  /** Sub-directories by index of their name, with their own stat. */
  readonly children: Map<number, { readonly scan: Scan; readonly stat: Stats; readonly flags: number }>;
}

/** Takes over a file or link that was seen to be unchanged; false for everything else. */
function skipFile({ totals }: SweepContext, old: DirectoryRecord, i: number): boolean {
  if (old.flags[i] !== 0 || typeOf(old.mode[i] as number) === FileType.directory) return false;
  totals.files += 1;
  totals.bytes += old.size[i] as number;
  return true;
}

/** The one function that runs for every file of a sweep: it makes nothing but a path and a stat for a file that did not change. */
function scanName(context: SweepContext, scan: Scan, i: number, before: number): void {
  const { selection, totals } = context;
  const { old } = scan;
  const name = scan.names[i] as string;
  const relative = selection.takesAll ? "" : within(scan, name);
  if (name === ".git" || selection.excluded(relative)) {
    exclude(scan, i);
    return;
  }
  const path = `${scan.directory}/${name}`;
  const stat = statOf(context, path);
  const type = typeOf(stat.mode);
  if (type === FileType.directory) {
    scanBelow(context, scan, { i, before, path, stat });
    return;
  }
  if (type !== FileType.file && type !== FileType.link) throw notPackable(path);
  if (!selection.wanted(relative)) {
    record(scan, { i, before, stat, flags: Flag.ignored, digest: "" });
    return;
  }
  totals.files += 1;
  totals.bytes += stat.size;
  if (old !== undefined && before >= 0 && isSettled(old, before, stat)) {
    if (scan.draft !== undefined) record(scan, { i, before, stat, flags: 0, digest: old.digests[before] as string });
    return;
  }
  const flags = racyFlag(stat, context.now());
  if (type === FileType.link) record(scan, { i, before, stat, flags, digest: linkDigest(path) });
  else if (stat.size === 0) record(scan, { i, before, stat, flags, digest: EMPTY_DIGEST });
  else {
    context.counters.filesOpened += 1;
    context.counters.bytesHashed += stat.size;
    record(scan, { i, before: -1, stat, flags, digest: "" });
    context.hasher.add({ path, slots: draftOf(scan), i });
  }
}

function scanBelow(
  context: SweepContext,
  scan: Scan,
  at: { readonly i: number; readonly before: number; readonly path: string; readonly stat: Stats },
): void {
  const { i, before, path, stat } = at;
  if (context.hidden.has(path)) {
    exclude(scan, i);
    return;
  }
  // A directory whose own times are as they were has the same names: entries cannot come or go without them. But the top
  // directory of some file systems has no time: it says 1970 whatever happens in it.
  const same = scan.old !== undefined && before >= 0 && isSettled(scan.old, before, stat) && stat.mtimeMs > 0;
  const above = descend(context, { path, stat, above: scan.above });
  const flags = racyFlag(stat, context.now());
  const below = scanDirectory(context, within(scan, scan.names[i] as string), { above, sameNames: same });
  scan.children.set(i, { scan: below, stat, flags });
}

function within(scan: Scan, name: string): string {
  return scan.relative === "" ? name : `${scan.relative}/${name}`;
}

function exclude(scan: Scan, i: number): void {
  if (!scan.same || ((scan.old?.flags[i] ?? 0) & Flag.excluded) === 0) draftOf(scan).flags[i] = Flag.excluded;
}

/** Writes a slot: into the draft, which is begun by the first difference. */
function record(
  scan: Scan,
  slot: {
    readonly i: number;
    readonly before: number;
    readonly stat: Stats;
    readonly flags: number;
    readonly digest: string;
  },
): void {
  const { i, before, stat, flags, digest } = slot;
  const old = scan.old;
  if (scan.draft === undefined && old !== undefined && before === i) {
    const same = old.flags[i] === flags && old.digests[i] === digest;
    // What is not read need not be compared by its times.
    if (
      same &&
      (flags === Flag.ignored ? typeOf(old.mode[i] as number) === typeOf(stat.mode) : unchanged(old, i, stat))
    )
      return;
  }
  const draft = draftOf(scan);
  draft.mtimeMs[i] = stat.mtimeMs;
  draft.ctimeMs[i] = stat.ctimeMs;
  draft.size[i] = stat.size;
  draft.inode[i] = stat.ino;
  draft.mode[i] = stat.mode;
  draft.flags[i] = flags;
  draft.digests[i] = digest;
}

function draftOf(scan: Scan): Draft {
  if (scan.draft === undefined) {
    const draft = emptyDraft(scan.names);
    const old = scan.old;
    if (old !== undefined) {
      draft.mtimeMs.set(old.mtimeMs);
      draft.ctimeMs.set(old.ctimeMs);
      draft.size.set(old.size);
      draft.inode.set(old.inode);
      draft.mode.set(old.mode);
      draft.flags.set(old.flags);
      for (let i = 0; i < old.digests.length; i++) draft.digests[i] = old.digests[i] as string;
    }
    scan.draft = draft;
  }
  return scan.draft;
}

function emptyDraft(names: readonly string[]): Draft {
  const floats = () => new Float64Array(names.length);
  const [mtimeMs, ctimeMs, size, inode] = [floats(), floats(), floats(), floats()];
  const mode = new Uint32Array(names.length);
  return {
    names,
    mtimeMs,
    ctimeMs,
    size,
    inode,
    mode,
    flags: new Uint8Array(names.length),
    digests: names.map(() => ""),
  };
}

function finish(context: SweepContext, scan: Scan, children: Map<number, SweptDirectory>): SweptDirectory {
  const draft = scan.draft ?? emptyDraft(scan.names);
  context.hasher.await(draft);
  const node = encodeNode(merkleEntries(draft));
  const digest = nodeDigest(node);
  const done: DirectoryRecord = { ...draft, digest };
  if (scan.old !== undefined) keepNode(context, scan.old);
  context.changed.set(scan.relative, packDirectory(done));
  return { record: done, children };
}

/** Keeps the node of a state that is gone, so that a later question can compare with it. */
export function keepNode(context: Pick<SweepContext, "nodes">, gone: DirectoryRecord): void {
  context.nodes.set(gone.digest, Buffer.from(encodeNode(merkleEntries(gone))));
}

/** The entries of a record that its users see. */
export function merkleEntries(record: Omit<DirectoryRecord, "digest">): MerkleEntry[] {
  const entries: MerkleEntry[] = [];
  for (let i = 0; i < record.names.length; i++) {
    if (((record.flags[i] as number) & ~Flag.racy) !== 0) continue;
    const mode = record.mode[i] as number;
    entries.push({ name: record.names[i] as string, type: merkleType(mode), digest: record.digests[i] as string });
  }
  return entries;
}

function merkleType(mode: number): MerkleEntry["type"] {
  const type = typeOf(mode);
  if (type === FileType.directory) return "directory";
  if (type === FileType.link) return "link";
  return (mode & 0o100) === 0 ? "file" : "executable";
}

function hasWanted(directory: SweptDirectory): boolean {
  return directory.record.flags.some((flags) => (flags & ~Flag.racy) === 0);
}

function readNames(directory: string): string[] {
  try {
    const names = readdirSync(directory).sort();
    const bad = names.find((name) => name.includes("\uFFFD"));
    if (bad === undefined) return names;
    throw badName(`${directory}/${bad}`);
  } catch (error) {
    throw fromUnknown(error, `Cannot list "${directory}"`);
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function statOf(context: SweepContext, path: string): Stats {
  try {
    return context.follow ? followed(context, path) : lstatSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT" && context.follow) throw brokenLink(path);
    throw fromUnknown(error, `Cannot read "${path}"`);
  }
}

function followed(context: SweepContext, path: string): Stats {
  const stat = lstatSync(path);
  if (!stat.isSymbolicLink()) return stat;
  const target = realpathSync(path);
  if (target !== context.workspaceRoot && !target.startsWith(`${context.workspaceRoot}/`)) {
    throw linkEscapes(path, `it leads out of the workspace to "${target}"`);
  }
  return statSync(path);
}

/** The inodes of the directories above, with this one: following links, a directory may contain itself. */
function descend(
  context: SweepContext,
  at: { readonly path: string; readonly stat: Stats; readonly above: readonly number[] },
): readonly number[] {
  if (!context.follow) return at.above;
  if (at.above.includes(at.stat.ino)) {
    throw linkEscapes(at.path, "it leads to a directory that contains it");
  }
  return [...at.above, at.stat.ino];
}

/** Whether a slot is as it was, and was not so fresh that this proves nothing. */
function isSettled(old: DirectoryRecord, i: number, stat: Stats): boolean {
  return old.flags[i] === 0 && unchanged(old, i, stat);
}

function unchanged(old: DirectoryRecord, i: number, stat: Stats): boolean {
  return (
    old.mtimeMs[i] === stat.mtimeMs &&
    old.ctimeMs[i] === stat.ctimeMs &&
    old.size[i] === stat.size &&
    old.inode[i] === stat.ino &&
    old.mode[i] === stat.mode
  );
}

function racyFlag(stat: Stats, readAt: number): number {
  const newest = Math.max(stat.mtimeMs, stat.ctimeMs);
  const coarse = stat.mtimeMs % 1000 === 0 && stat.ctimeMs % 1000 === 0;
  return newest > readAt - (coarse ? RACY_COARSE_MS : RACY_MS) ? Flag.racy : 0;
}

function linkDigest(path: string): string {
  try {
    return hash("sha256", readlinkSync(path), "hex");
  } catch (error) {
    throw fromUnknown(error, `Cannot read the link "${path}"`);
  }
}

const EMPTY_DIGEST = hash("sha256", "", "hex");

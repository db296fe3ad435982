import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats, statSync } from "node:fs";
import { hash } from "node:crypto";
import { fromUnknown, ImgbuildError, systemCode } from "@imgbuild/errors";
import { encodeNode, type MerkleEntry, nodeDigest } from "@imgbuild/graph";
import { type DirectoryRecord, Flag, packDirectory, unpackDirectory } from "./packed-directory.ts";
import { hashFile, type Keeper } from "./read-source.ts";
import type { Selection } from "./selection.ts";
import { FileType, type SweepCounters, type SweptDirectory, typeOf } from "./swept-tree.ts";

/** Everything a sweep of one root shares between its directories. */
export interface SweepContext {
  readonly root: string;
  readonly workspaceRoot: string;
  readonly selection: Selection;
  readonly follow: boolean;
  /** Packed directories as they were at the last sweep, by path relative to the root. */
  readonly before: Map<string, Buffer>;
  /** Directories to write back, and Merkle nodes to keep; filled by the sweep. */
  readonly changed: Map<string, Uint8Array>;
  readonly nodes: Map<string, Uint8Array>;
  readonly counters: SweepCounters;
  /** Directories that are never packed: imgbuild's own cache. */
  readonly hidden: ReadonlySet<string>;
  readonly now: () => number;
  readonly keeper: Keeper;
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

/** Sweeps the directory at `relative` ("" for the root): compares it with its snapshot and hashes what changed. */
export function sweepDirectory(context: SweepContext, relative: string, above: readonly number[] = []): SweptDirectory {
  const directory = relative === "" ? context.root : `${context.root}/${relative}`;
  return sweepListed(context, { relative, directory, names: readNames(directory), above });
}

/** Sweeps the given names of the root alone. */
export function sweepNames(context: SweepContext, names: readonly string[]): SweptDirectory {
  return sweepListed(context, { relative: "", directory: context.root, names, above: [] });
}

function sweepListed(
  context: SweepContext,
  list: { readonly relative: string; readonly directory: string; readonly names: readonly string[]; readonly above: readonly number[] },
): SweptDirectory {
  const { relative, names } = list;
  const packed = context.before.get(relative);
  context.before.delete(relative);
  const old = packed === undefined ? undefined : unpackDirectory(packed);
  const same = old !== undefined && sameNames(old.names, names);
  const draft = same ? undefined : emptyDraft(names);
  return scanNames(context, { ...list, old, same, draft });
}

interface Scan {
  readonly relative: string;
  readonly directory: string;
  readonly names: readonly string[];
  readonly old: DirectoryRecord | undefined;
  /** Whether the names are those of `old`, index by index. */
  readonly same: boolean;
  draft: Draft | undefined;
  readonly above: readonly number[];
}

function scanNames(context: SweepContext, scan: Scan): SweptDirectory {
  const children = new Map<number, SweptDirectory>();
  const oldIndex = scan.same || scan.old === undefined ? undefined : new Map(scan.old.names.map((name, i) => [name, i]));
  for (let i = 0; i < scan.names.length; i++) {
    scanName(context, scan, { i, before: scan.same ? i : (oldIndex?.get(scan.names[i] as string) ?? -1), children });
  }
  if (scan.draft === undefined && scan.old !== undefined) return { record: scan.old, children };
  return finish(context, scan, children);
}

function scanName(
  context: SweepContext,
  scan: Scan,
  slot: { readonly i: number; readonly before: number; readonly children: Map<number, SweptDirectory> },
): void {
  const { i, before, children } = slot;
  const name = scan.names[i] as string;
  const relative = scan.relative === "" ? name : `${scan.relative}/${name}`;
  const path = `${scan.directory}/${name}`;
  if (isExcluded(context, { name, path, relative })) {
    if (!scan.same || ((scan.old?.flags[i] ?? 0) & Flag.excluded) === 0) draftOf(scan).flags[i] = Flag.excluded;
    return;
  }
  const stat = statOf(context, path);
  const type = typeOf(stat.mode);
  if (type === FileType.directory) {
    const child = sweepDirectory(context, relative, descend(context, { path, stat, above: scan.above }));
    children.set(i, child);
    const kept = context.selection.keepsEmptyDirectories || hasWanted(child);
    record(scan, { i, before, stat, flags: kept ? 0 : Flag.ignored, digest: kept ? child.record.digest : "" });
    return;
  }
  if (type !== FileType.file && type !== FileType.link) throw notPackable(path);
  if (!context.selection.wanted(relative)) {
    record(scan, { i, before, stat, flags: Flag.ignored, digest: "" });
    return;
  }
  context.totals.files += 1;
  context.totals.bytes += stat.size;
  const old = scan.old;
  const known = old !== undefined && before >= 0 && old.flags[before] === 0 && unchanged(old, before, stat);
  if (known) {
    if (scan.draft !== undefined) record(scan, { i, before, stat, flags: 0, digest: old.digests[before] as string });
    return;
  }
  const digest = type === FileType.link ? linkDigest(path) : contentDigest(context, path, stat);
  record(scan, { i, before, stat, flags: racyFlag(stat, context.now()), digest });
}

function isExcluded(
  context: SweepContext,
  at: { readonly name: string; readonly path: string; readonly relative: string },
): boolean {
  return at.name === ".git" || context.hidden.has(at.path) || context.selection.excluded(at.relative);
}

/** Writes a slot: into the draft, which is begun by the first difference. */
function record(
  scan: Scan,
  slot: { readonly i: number; readonly before: number; readonly stat: Stats; readonly flags: number; readonly digest: string },
): void {
  const { i, before, stat, flags, digest } = slot;
  const old = scan.old;
  if (scan.draft === undefined && old !== undefined && before === i) {
    const same = old.flags[i] === flags && old.digests[i] === digest;
    const isDirectory = typeOf(stat.mode) === FileType.directory;
    // What is not read, or is described by its own record, need not be compared by its times.
    if (same && (isDirectory || flags === Flag.ignored ? typeOf(old.mode[i] as number) === typeOf(stat.mode) : unchanged(old, i, stat))) return;
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
  return { names, mtimeMs, ctimeMs, size, inode, mode, flags: new Uint8Array(names.length), digests: names.map(() => "") };
}

function finish(context: SweepContext, scan: Scan, children: Map<number, SweptDirectory>): SweptDirectory {
  const draft = scan.draft ?? emptyDraft(scan.names);
  const node = encodeNode(merkleEntries(draft));
  const digest = nodeDigest(node);
  const done: DirectoryRecord = { ...draft, digest };
  context.nodes.set(digest, Buffer.from(node));
  context.changed.set(scan.relative, packDirectory(done));
  return { record: done, children };
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
    throw new ImgbuildError("input-unreadable", `Cannot pack "${directory}/${bad}": its name is not valid UTF-8`, {
      hint: "Rename it, or leave it out with exclude",
    });
  } catch (error) {
    throw fromUnknown(error, `Cannot list "${directory}"`);
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
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
    throw new ImgbuildError("path-escape", `Cannot follow the link "${path}": it leads out of the workspace to "${target}"`, {
      hint: "Leave it out with exclude, or store it as a link with follow: false",
    });
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
    throw new ImgbuildError("path-escape", `Cannot follow the link "${at.path}": it leads to a directory that contains it`, {
      hint: "Leave it out with exclude, or store it as a link with follow: false",
    });
  }
  return [...at.above, at.stat.ino];
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

function contentDigest(context: SweepContext, path: string, first: Stats): string {
  if (first.size === 0) return EMPTY_DIGEST;
  context.counters.filesOpened += 1;
  context.counters.bytesHashed += first.size;
  try {
    return hashFile(path, first, context.keeper);
  } catch (error) {
    throw fromUnknown(error, `Cannot read "${path}"`);
  }
}

function brokenLink(path: string): ImgbuildError {
  return new ImgbuildError("input-missing", `Cannot follow the link "${path}": what it points to does not exist`, {
    hint: "Mend the link, leave it out with exclude, or store it as a link with follow: false",
  });
}

function notPackable(path: string): ImgbuildError {
  return new ImgbuildError("input-unreadable", `Cannot pack "${path}": it is a socket, pipe or device, wanted a file, directory or link`, {
    hint: "Leave it out with exclude",
  });
}


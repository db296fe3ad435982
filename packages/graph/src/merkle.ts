import { hash } from "node:crypto";
import { byCodeUnit } from "./canonical.ts";

/** One name in a directory, as its users see it. `digest` is 64 hex digits: of content, link target or child node. */
export interface MerkleEntry {
  readonly name: string;
  /** `executable` is a file with its execute bit; times, owners and other mode bits do not count. */
  readonly type: "file" | "executable" | "link" | "directory";
  readonly digest: string;
}

const LETTERS = { file: "f", executable: "x", link: "l", directory: "d" } as const;
const TYPES = { f: "file", x: "executable", l: "link", d: "directory" } as const;

/** The text of a directory node: entries sorted by name. Its sha256 is the digest of the directory. */
export function encodeNode(entries: readonly MerkleEntry[]): string {
  let text = "";
  let last = "";
  for (const { name, type, digest } of entries) {
    if (name < last) return encodeNode([...entries].sort((a, b) => byCodeUnit(a.name, b.name)));
    text += `${LETTERS[type]}${digest}${name}\0`;
    last = name;
  }
  return text;
}

/** Inverse of {@link encodeNode}. */
export function parseNode(text: string): MerkleEntry[] {
  const lines = text.split("\0");
  lines.pop();
  return lines.map((line) => ({
    type: TYPES[line.charAt(0) as keyof typeof TYPES],
    digest: line.slice(1, 65),
    name: line.slice(65),
  }));
}

/** The digest of a directory node, 64 hex digits. */
export function nodeDigest(text: string): string {
  return hash("sha256", text, "hex");
}

/** A path that differs between two trees. */
export interface TreeChange {
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
}

/**
 * What differs between two directory nodes, by path; walks only subtrees whose digests differ. A node that `load` does
 * not know is reported as one changed path. At most `limit` changes, in order of path.
 */
export function diffTrees(
  before: string,
  after: string,
  options: { readonly load: (digest: string) => string | undefined; readonly limit: number },
): TreeChange[] {
  const changes: TreeChange[] = [];
  walk("", { before, after }, changes, options);
  return changes;
}

function walk(
  prefix: string,
  nodes: { readonly before: string; readonly after: string },
  changes: TreeChange[],
  options: { readonly load: (digest: string) => string | undefined; readonly limit: number },
): void {
  if (nodes.before === nodes.after || changes.length >= options.limit) return;
  const [before, after] = [options.load(nodes.before), options.load(nodes.after)];
  if (before === undefined || after === undefined) {
    changes.push({ path: prefix === "" ? "." : prefix.slice(0, -1), change: "changed" });
    return;
  }
  const old = new Map(parseNode(before).map((entry) => [entry.name, entry]));
  const now = new Map(parseNode(after).map((entry) => [entry.name, entry]));
  for (const name of [...new Set([...old.keys(), ...now.keys()])].sort(byCodeUnit)) {
    if (changes.length >= options.limit) return;
    compare(`${prefix}${name}`, { before: old.get(name), after: now.get(name) }, changes, options);
  }
}

function compare(
  path: string,
  entry: { readonly before: MerkleEntry | undefined; readonly after: MerkleEntry | undefined },
  changes: TreeChange[],
  options: { readonly load: (digest: string) => string | undefined; readonly limit: number },
): void {
  const { before, after } = entry;
  if (before === undefined) changes.push({ path, change: "added" });
  else if (after === undefined) changes.push({ path, change: "removed" });
  else if (before.type === "directory" && after.type === "directory") {
    walk(`${path}/`, { before: before.digest, after: after.digest }, changes, options);
  } else if (before.type !== after.type || before.digest !== after.digest) changes.push({ path, change: "changed" });
}

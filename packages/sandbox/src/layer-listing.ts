import { readFileSync, writeFileSync } from "node:fs";
import { ImgbuildError } from "@imgbuild/errors";
import type { PlannedNode, UnpackPlan } from "./unpack-plan.ts";

/** What an unpacked layer has at a path. */
export interface ListedNode {
  /** `file` stands for everything that is neither directory nor link. */
  readonly type: "directory" | "symlink" | "file" | "whiteout";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Target of a link. */
  readonly target: string;
  readonly opaque: boolean;
}

/** What an unpacked layer has, by path. */
export type LayerListing = ReadonlyMap<string, ListedNode>;

/** The listing of a plan. */
export function listingOf(plan: UnpackPlan): LayerListing {
  const listing = new Map<string, ListedNode>();
  for (const [path, node] of plan.nodes) listing.set(path, listed(node));
  const none = { mode: 0, uid: 0, gid: 0, target: "", opaque: false };
  for (const path of plan.whiteouts) listing.set(path, { type: "whiteout", ...none });
  return listing;
}

function listed({ header, opaque }: PlannedNode): ListedNode {
  const type = header.type === "directory" || header.type === "symlink" ? header.type : "file";
  const { mode, uid, gid, linkname } = header;
  return { type, mode, uid, gid, target: type === "symlink" ? linkname : "", opaque };
}

/** Writes a listing to a file. */
export function writeListing(file: string, listing: LayerListing): void {
  const rows = [...listing].map(([path, n]) => JSON.stringify([path, n.type, n.mode, n.uid, n.gid, n.target, n.opaque ? 1 : 0]));
  writeFileSync(file, `imgbuild-listing 1\n${rows.join("\n")}\n`);
}

/** Reads what {@link writeListing} wrote. Throws `integrity` for anything else. */
export function readListing(file: string): LayerListing {
  const [magic, ...rows] = readFileSync(file, "utf8").split("\n");
  if (magic !== "imgbuild-listing 1") throw new ImgbuildError("integrity", `Cannot read the layer listing "${file}": it has another format`);
  const listing = new Map<string, ListedNode>();
  for (const row of rows) {
    if (row === "") continue;
    const [path, type, mode, uid, gid, target, opaque] = JSON.parse(row) as [string, ListedNode["type"], number, number, number, string, number];
    listing.set(path, { type, mode, uid, gid, target, opaque: opaque === 1 });
  }
  return listing;
}

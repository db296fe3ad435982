import { mergedUsrPath } from "@imgbuild/debian";
import type { LeftOut } from "@imgbuild/graph";
import { filterStoredTree } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import picomatch from "picomatch";
import { type DebRecord, readDebRecord, writeDebRecord } from "./deb-record.ts";
import type { UnpackedDeb } from "./unpack-deb.ts";

/** What documentation is, as Debian's own slim images have it. */
const DOCUMENTATION = /^usr\/share\/(?:doc\/.*|info|info\/.*|lintian|lintian\/.*|linda\/.*|man|man\/.*|groff\/.*)$/;
const KEPT = /^usr\/share\/doc\/[^/]+(?:\/copyright)?$/;

/** Whether anything may be left out. */
export function leavesOut({ exclude, documentation }: LeftOut): boolean {
  return exclude.length > 0 || documentation;
}

/**
 * A package without the files that are not wanted. They are left out of its list, sums and configuration files too, so that
 * dpkg misses nothing.
 */
export function leaveOut(deb: UnpackedDeb, rule: LeftOut, store: Store): UnpackedDeb {
  const keep = keeper(rule);
  const tree = filterStoredTree(store, deb, keep);
  const before = readDebRecord(store, deb.record);
  const kept = (path: string): boolean => keep(mergedUsrPath(path));
  const record: DebRecord = {
    control: { ...before.control, ...controlFiles(before.control, kept) },
    paths: before.paths.filter(kept),
    conffileMd5: Object.fromEntries(Object.entries(before.conffileMd5).filter(([path]) => kept(path.slice(1)))),
  };
  const digest = writeDebRecord(store, record);
  return { ...tree, blobs: [...tree.blobs.filter((blob) => blob !== deb.record), digest], record: digest };
}

function controlFiles(control: DebRecord["control"], kept: (path: string) => boolean): Record<string, string> {
  const files: Record<string, string> = {};
  const filter = (name: string, pathOf: (line: string) => string): void => {
    const content = control[name];
    if (content === undefined) return;
    const lines = Buffer.from(content, "base64").toString("utf8").split("\n");
    files[name] = Buffer.from(lines.filter((line) => line === "" || kept(pathOf(line))).join("\n")).toString("base64");
  };
  filter("md5sums", (line) => line.slice(34));
  filter("conffiles", (line) => line.replace(/^(?:\S+ )?\//, ""));
  return files;
}

/** Tells what stays, by the path in the image. */
function keeper({ exclude, documentation }: LeftOut): (path: string) => boolean {
  const patterns = exclude.map((pattern) => pattern.replace(/^\.?\/+|\/+$/g, ""));
  const matches = picomatch(
    patterns.flatMap((pattern) => [pattern, `${pattern}/**`]),
    { dot: true },
  );
  return (path) => {
    if (documentation && DOCUMENTATION.test(path) && !KEPT.test(path)) return false;
    return exclude.length === 0 || !matches(path);
  };
}

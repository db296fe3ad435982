import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ImgbuildError, systemCode } from "@imgbuild/errors";
import { storeError } from "./store-error.ts";

/** Where things are in a cache directory. `v1` changes when a file of an older version could be misread. */
export interface Layout {
  readonly directory: string;
  /** `v1`: everything but the marker files. */
  readonly root: string;
  /** Blobs, two hex digits deep, and temporary files beside them. */
  readonly blobs: string;
  readonly quarantine: string;
  readonly index: string;
  /** Never deleted, never written: SQLite's own file locks on it say that the store is open. */
  readonly useLock: string;
  /** As `useLock`, for one process to rebuild the index at a time. */
  readonly rebuildLock: string;
}

const CACHEDIR_TAG = `Signature: 8a477f597d28d172789f06886806bc55
# This directory is a cache of imgbuild. Everything in it can be made again.
# About this file: https://bford.info/cachedir/
`;

/** The paths of a cache directory; touches nothing. */
export function layoutOf(directory: string): Layout {
  const root = join(directory, "v1");
  return {
    directory,
    root,
    blobs: join(root, "blobs", "sha256"),
    quarantine: join(root, "quarantine"),
    index: join(root, "index.db"),
    useLock: join(root, "use.lock"),
    rebuildLock: join(root, "rebuild.lock"),
  };
}

/** Makes the directories and marker files that are missing. Throws `cache-unusable` or `disk-full`. */
export function makeLayout(layout: Layout): void {
  if (existsSync(layout.blobs) && statSync(layout.blobs).isDirectory()) return;
  try {
    refuseStrangers(layout);
    makeDirectory(layout.blobs);
    writeNew(join(layout.directory, "CACHEDIR.TAG"), CACHEDIR_TAG);
    writeNew(join(layout.directory, ".gitignore"), "*\n!README.md\n");
  } catch (error) {
    throw storeError(error, layout.directory);
  }
}

/** What may be in a directory before it becomes a cache. */
const HARMLESS: ReadonlySet<string> = new Set([
  "v1",
  "CACHEDIR.TAG",
  ".gitignore",
  ".gitkeep",
  "README.md",
  "lost+found",
]);

/** The marker files would tell git and backup tools to leave out whatever else is there. */
function refuseStrangers({ directory }: Layout): void {
  const strangers = existsSync(directory) ? readdirSync(directory).filter((name) => !HARMLESS.has(name)) : [];
  const [first] = strangers.sort();
  if (first === undefined || existsSync(join(directory, "CACHEDIR.TAG"))) return;
  const more = strangers.length === 1 ? "" : ` and ${strangers.length - 1} more`;
  throw new ImgbuildError(
    "cache-unusable",
    `Cannot use the cache "${directory}": it holds other things, "${first}"${more}`,
    {
      hint: "Name a directory of its own with --cache-dir DIR or IMGBUILD_CACHE_DIR",
    },
  );
}

/** Not `recursive`: Node never comes back from that where a file system refuses, as /proc does. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

import { ImgbuildError } from "@imgbuild/errors";
import { type StoredTree, StoredTreeWriter } from "@imgbuild/image";
import type { Store } from "@imgbuild/store";
import { PackageFiles } from "./package-files.ts";
import { type InstallScript, PackageManifest } from "./package-manifest.ts";
import { type Tarball, tarballMembers } from "./tarball-members.ts";

/** An unpacked package. */
export interface UnpackedPackage extends StoredTree {
  readonly installScripts: readonly InstallScript[];
}

/** How to unpack. */
export interface UnpackOptions {
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Told the bytes unpacked so far. */
  readonly progress: (bytes: number) => void;
}

/** Bytes between two words of progress. */
const TELL_EVERY = 1 << 20;

/**
 * Unpacks a tarball into the store as npm does (pacote): the first part of each path is taken away, only files count, modes
 * are 0644 or 0755, and what package.json names as a command is executable. Throws `integrity`, `invalid-archive`,
 * `path-escape`; then nothing of it is kept.
 */
export async function unpackPackage(tarball: Tarball, options: UnpackOptions): Promise<UnpackedPackage> {
  const writer = new StoredTreeWriter(options.store);
  try {
    const files = new PackageFiles(tarball.title);
    const manifest = new PackageManifest(tarball.title);
    let [bytes, told] = [0, 0];
    for await (const { header, content } of tarballMembers(tarball)) {
      options.signal.throwIfAborted();
      const path = files.place(header);
      if (path === undefined) continue;
      const mode = (header.mode & 0o111) === 0 ? 0o644 : 0o755;
      const wanted = path === "package.json" ? manifest.read(content) : content;
      await writer.addFile({ path, mode, uid: 0, gid: 0 }, wanted);
      bytes += header.size;
      if (bytes - told < TELL_EVERY) continue;
      told = bytes;
      options.progress(bytes);
    }
    options.progress(bytes);
    if (!files.paths.has("package.json")) throw noPackage(tarball.title, files.paths.size);
    for (const path of manifest.commands(files.paths)) writer.setMode(path, 0o755);
    return { ...writer.commit(), installScripts: manifest.installScripts(files.paths) };
  } catch (error) {
    writer.abort();
    throw error;
  }
}

function noPackage(title: string, count: number): ImgbuildError {
  const what = count === 0 ? "no files in a directory" : "no package.json in its directory";
  return new ImgbuildError(
    "invalid-archive",
    `Cannot unpack the package "${title}": its tarball has ${what}, wanted "package/package.json"`,
    { hint: "Make it with `npm pack`" },
  );
}

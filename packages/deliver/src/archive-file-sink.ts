import { randomBytes } from "node:crypto";
import { closeSync, createWriteStream, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fromUnknown, ImgbuildError, systemCode } from "@imgbuild/errors";
import { type ArchiveOptions, archiveBytes } from "./archive-bytes.ts";
import { countLayers, type Deliverable, type Delivered, type DeliverOptions, type Sink } from "./sink.ts";
import { streamSink } from "./stream-sink.ts";

/** Where an archive goes. */
export interface ArchiveFileOptions extends ArchiveOptions {
  /** The file. Its extension decides nothing. */
  readonly file: string;
}

/**
 * Writes an archive to a file: beside it first, then renamed into place, so that a reader sees the old file or the whole new
 * one. A symbolic link is kept and its target replaced; a pipe or device is written to as it is. Throws `disk-full`,
 * `input-missing` for no such directory, `conflict` for a directory of that name.
 */
export function archiveFileSink(options: ArchiveFileOptions): Sink {
  const { file, format } = options;
  return {
    name: `${format} "${file}"`,
    deliver: async (images, how) => {
      try {
        const target = checkTarget(file);
        if (target === undefined) return await writeToDevice(options, images, how);
        const bytes = await replaceFile(target, archiveBytes(images, { ...options, signal: how.signal }), how);
        return { bytes, layersSent: countLayers(images), layersSkipped: 0, complete: true };
      } catch (error) {
        if (how.signal.aborted) throw error;
        throw fromUnknown(error, `Cannot write the archive "${file}"`);
      }
    },
  };
}

/** Throws what {@link archiveFileSink} would throw for its place, so that nobody waits for a build to hear it. */
export function checkArchiveFile(file: string): void {
  checkTarget(file);
}

/** The file to replace; undefined when what is there is no file and is written to in place. */
function checkTarget(file: string): string | undefined {
  // Followed by the system: what /dev/fd/63 leads to has no path of its own.
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    throw new ImgbuildError("conflict", `Cannot write the archive "${file}": it is a directory`, {
      hint: "Name a file, or choose the format oci-layout",
    });
  }
  if (stat !== undefined && !stat.isFile()) return undefined;
  const target = resolveLinks(file);
  if (stat === undefined && statSync(dirname(target), { throwIfNoEntry: false }) === undefined) {
    throw new ImgbuildError("input-missing", `Cannot write the archive "${file}": there is no directory for it`, {
      hint: `Run \`mkdir -p '${dirname(target)}'\``,
    });
  }
  return target;
}

function resolveLinks(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return file;
    throw error;
  }
}

async function replaceFile(
  target: string,
  content: AsyncIterable<Uint8Array>,
  { progress }: DeliverOptions,
): Promise<number> {
  const temporary = join(dirname(target), `.${basename(target).slice(0, 200)}.${randomBytes(6).toString("hex")}.tmp`);
  let bytes = 0;
  try {
    const file = openSync(temporary, "wx");
    try {
      for await (const piece of content) {
        for (let done = 0; done < piece.length; ) done += writeSync(file, piece, done);
        bytes += piece.length;
        progress?.(bytes);
        // Signals get their turn between pieces.
        await setImmediate();
      }
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
    return bytes;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

async function writeToDevice(
  options: ArchiveFileOptions,
  images: readonly Deliverable[],
  how: DeliverOptions,
): Promise<Delivered> {
  const output = createWriteStream(options.file, { flags: "w" });
  const failed = new Promise<never>((_, reject) => output.once("error", reject));
  failed.catch(() => undefined);
  try {
    const delivered = await Promise.race([streamSink({ ...options, output }).deliver(images, how), failed]);
    if (!output.destroyed) await Promise.race([new Promise<void>((resolve) => output.end(resolve)), failed]);
    return delivered;
  } finally {
    output.destroy();
  }
}

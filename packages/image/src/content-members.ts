import { contentPieces } from "./content-pieces.ts";
import type { LayerContent } from "./layer-entry.ts";
import { invalidArchive, MAX_DOCUMENT, type Members } from "./members.ts";

/** The files of a layout that is not a directory of the disk, by path; undefined is an empty file. */
export type ContentFiles = ReadonlyMap<string, LayerContent | undefined>;

/** The files of a layout wherever their contents are. Nothing in it is a link. */
export function openContentMembers(label: string, files: ContentFiles, signal: AbortSignal): Members {
  const contentOf = (path: string): LayerContent | undefined => {
    if (files.has(path)) return files.get(path);
    throw invalidArchive(label, `it has no "${path}"`);
  };
  return {
    label,
    has: (path) => files.has(path),
    list: () => [...files.keys()],
    resolve(path) {
      contentOf(path);
      return path;
    },
    document(path) {
      const content = contentOf(path);
      if ((content?.size ?? 0) <= MAX_DOCUMENT) return Buffer.concat([...contentPieces(content)]);
      throw invalidArchive(label, `its "${path}" is larger than ${MAX_DOCUMENT} bytes`);
    },
    async visit(paths, visit) {
      for (const path of paths) {
        signal.throwIfAborted();
        await visit(path, streamed(contentOf(path)));
      }
    },
  };
}

/** The same bytes for consumers that wait. */
export async function* streamed(content: LayerContent | undefined): AsyncGenerator<Uint8Array> {
  yield* contentPieces(content);
}

import { ImgbuildError } from "@imgbuild/errors";

/** The files of an image archive, wherever they are. Paths have no leading `/` or `./`. */
export interface Members {
  /** What is read, for messages: its path in quotes. */
  readonly label: string;
  /** Whether there is such a file. */
  has(path: string): boolean;
  /** Paths of all files, or of those at the top where listing all costs. For messages. */
  list(): readonly string[];
  /** A JSON document. Throws `invalid-archive` when it is absent, too large or no JSON object or array. */
  document(path: string): Buffer;
  /** The path of the file that `path` leads to by links inside the archive. Throws `invalid-archive` when there is none. */
  resolve(path: string): string;
  /**
   * Gives each of the files (resolved paths) to `visit`, once, in an order of its own. Throws `invalid-archive` for one that is absent.
   * `content` must be read before `visit` returns.
   */
  visit(
    paths: ReadonlySet<string>,
    visit: (path: string, content: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void>;
}

/** Bytes of one document: configs with long histories have tens of kilobytes. */
export const MAX_DOCUMENT = 8 * 1024 * 1024;

/** The error for an archive that is wrong. `label` is {@link Members.label}. */
export function invalidArchive(label: string, problem: string, hint?: string): ImgbuildError {
  return new ImgbuildError("invalid-archive", `Cannot read the image in ${label}: ${problem}`, { hint });
}

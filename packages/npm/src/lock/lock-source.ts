import { type ErrorCode, ImgbuildError, type Position } from "@imgbuild/errors";

/** The text of a lock file and what it is called in messages. */
export interface LockSource {
  /** Relative to the workspace root. */
  readonly file: string;
  readonly text: string;
}

/** Where `key` stands as a mapping key in the text, or undefined. Looks for JSON and YAML spellings. */
export function positionOfKey(source: LockSource, key: string): Position | undefined {
  for (const spelling of [JSON.stringify(key), `'${key}'`, `  ${key}`]) {
    const at = source.text.indexOf(`${spelling}:`);
    if (at >= 0) return positionAt(source, at + spelling.length - spelling.trimStart().length);
  }
  return undefined;
}

/** The place of the character at `offset`. */
export function positionAt(source: LockSource, offset: number): Position {
  const before = source.text.slice(0, offset);
  const line = before.split("\n").length;
  return { file: source.file, line, column: offset - before.lastIndexOf("\n") };
}

/** A failure to use a lock file: `Cannot use "package-lock.json": …`, placed at `key` where the text has it. */
export function lockError(
  source: LockSource,
  what: string,
  details: { readonly key?: string; readonly hint?: string; readonly code?: ErrorCode; readonly cause?: unknown } = {},
): ImgbuildError {
  return new ImgbuildError(details.code ?? "invalid-archive", `Cannot use "${source.file}": ${what}`, {
    hint: details.hint,
    position: details.key === undefined ? undefined : positionOfKey(source, details.key),
    cause: details.cause,
  });
}

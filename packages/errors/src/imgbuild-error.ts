import type { ErrorCode } from "./error-code.ts";

/** A place in a file of the user. `file` is relative to the workspace; `line` and `column` count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What may be said of a failure beside its code and message. */
export interface ErrorDetails {
  /** An instruction: what to do about it. Capital first letter, no full stop. */
  readonly hint?: string | undefined;
  /** Where in the user's files it happened. */
  readonly position?: Position | null | undefined;
  /** What made it fail. */
  readonly cause?: unknown;
  /** Other failures that are reported together with this one. */
  readonly related?: readonly ImgbuildError[] | undefined;
}

/**
 * The one error of imgbuild. The message names the action, quotes values, and says after a colon what is and what was
 * wanted: `Cannot read "//src/a.txt": no such file`. Capital first letter, no full stop.
 */
export class ImgbuildError extends Error {
  override readonly name = "ImgbuildError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly position: Position | undefined;
  readonly related: readonly ImgbuildError[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.position = details.position ?? undefined;
    this.related = details.related ?? [];
  }
}

/** One error that stands for all of `errors` (at least one): the first, with the others as `related`; what is said twice, once. */
export function combineErrors(errors: readonly ImgbuildError[]): ImgbuildError {
  const said = new Set<string>();
  const [first, ...rest] = errors
    .flatMap((error) => [error, ...error.related])
    .filter(({ message, position }) => {
      const key = JSON.stringify([message, position]);
      return !said.has(key) && said.add(key);
    });
  if (first === undefined) return new ImgbuildError("internal", "Internal error: no error to combine");
  if (rest.length === 0 && first.related.length === 0) return first;
  return new ImgbuildError(first.code, first.message, {
    hint: first.hint,
    position: first.position,
    cause: first.cause,
    related: rest,
  });
}

/** A copy of `error` placed at `position`, unless it has a place already. */
export function atPosition(error: ImgbuildError, position: Position | null | undefined): ImgbuildError {
  if (error.position !== undefined || position === null || position === undefined) return error;
  return new ImgbuildError(error.code, error.message, {
    hint: error.hint,
    position,
    cause: error.cause,
    related: error.related,
  });
}

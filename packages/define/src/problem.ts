import { combineErrors, type ErrorCode, ImgbuildError } from "@imgbuild/errors";

/** One thing that is wrong with the arguments of a call. */
export interface Problem {
  /** Where in the arguments, e.g. `config.Env[2]`; empty for the argument itself. */
  readonly path: string;
  /** What is and what was wanted: `is 5, wanted "NAME=value"`. */
  readonly text: string;
  readonly hint?: string | undefined;
  /** `definition` unless said. */
  readonly code?: ErrorCode;
  /** The value was `undefined`: an import circle may be the cause. */
  readonly missing?: boolean;
}

const causedByUndefined = new WeakSet<object>();

/** Whether an error of the API was made because some value was `undefined`. */
export function isUndefinedProblem(error: unknown): boolean {
  return typeof error === "object" && error !== null && causedByUndefined.has(error);
}

/** Throws one error that carries every problem; returns when there is none. `action`: `Cannot make the image "x"`. */
export function throwProblems(action: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  // An attribute that is undefined is said to be so; that it is missing as well is no news.
  const undefinedPaths = new Set(problems.flatMap(({ path, missing }) => (missing ? [path] : [])));
  const told = problems.filter(({ path, missing }) => missing || path === "" || !undefinedPaths.has(path));
  const errors = told.map((problem) => {
    const where = problem.path === "" ? "it" : problem.path;
    return new ImgbuildError(problem.code ?? "definition", `${action}: ${where} ${problem.text}`, {
      hint: problem.hint ?? (problem.missing ? UNDEFINED_HINT : undefined),
    });
  });
  const error = combineErrors(errors);
  if (problems.some((problem) => problem.missing)) causedByUndefined.add(error);
  throw error;
}

const UNDEFINED_HINT =
  "Leave the attribute out instead; if it is imported, check that the import exists and is no circle";

/** `parent.key`, `parent["odd key"]` or `parent[3]`. */
export function joinPath(parent: string, key: string | number): string {
  if (typeof key === "number") return `${parent}[${key}]`;
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)) return `${parent}[${quote(key)}]`;
  return parent === "" ? key : `${parent}.${key}`;
}

/** A string in quotes, shortened to what a line can bear. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

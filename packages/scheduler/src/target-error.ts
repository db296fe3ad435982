import { combineErrors, ImgbuildError } from "@imgbuild/errors";
import type { Target } from "@imgbuild/graph";
import type { Failure } from "./plan-node.ts";

/**
 * What is said of a target that cannot be built: its own errors in full; when it has none, only whose errors they are,
 * since those are reported there. Undefined without failures.
 */
export function targetError(target: Target, failures: readonly Failure[]): ImgbuildError | undefined {
  const [first] = failures;
  if (first === undefined) return undefined;
  const own = failures.filter((failure) => failure.label === target.label).map((failure) => failure.error);
  if (own.length > 0) return combineErrors(own);
  const message = `Cannot build "${target.label}": "${first.label}" failed`;
  return new ImgbuildError(first.error.code, message, { position: target.position, cause: first.error });
}

import { combineErrors, ImgbuildError } from "@imgbuild/errors";
import type { Plan } from "@imgbuild/scheduler";

/** Throws what a plan already knows to fail, all together, unless the rest is wanted all the same. */
export function failIfAllFailed(plan: Plan, keepGoing: boolean): void {
  if (keepGoing && plan.failed.size < plan.targets.length) return;
  failIfAnyFailed(plan);
}

/** Throws what a plan already knows to fail, all together. */
export function failIfAnyFailed(plan: Plan): void {
  const errors = [...plan.failed.values()].map((error) => (error.cause instanceof ImgbuildError ? error.cause : error));
  if (errors.length > 0) throw combineErrors(uniqueErrors(errors));
}

/** Each error once: one missing file may fail many targets. */
export function uniqueErrors(errors: readonly ImgbuildError[]): ImgbuildError[] {
  return [...new Map(errors.map((error) => [`${error.message} ${JSON.stringify(error.position)}`, error])).values()];
}

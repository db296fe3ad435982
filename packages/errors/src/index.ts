export { type ErrorCode, exitCodeOf } from "./error-code.ts";
export { fromUnknown, systemCode } from "./from-unknown.ts";
export { atPosition, combineErrors, type ErrorDetails, ImgbuildError, type Position } from "./imgbuild-error.ts";

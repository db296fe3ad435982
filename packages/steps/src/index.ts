export { createSteps, type Steps, type StepsOptions } from "./create-steps.ts";
export type { CollectionOutput } from "./image/collection-runner.ts";
export type { ImageOutput } from "./image/image-output.ts";
export type { LayerOutput } from "./layer/layer-output.ts";
export type { NpmAccess } from "./npm/npm-access.ts";
export type { NpmOptions } from "./npm/npm-options.ts";
export { enterKept, keptRun } from "./script/kept-runs.ts";
export type { KeptRun } from "./script/run-scripts.ts";
export type { ScriptOptions } from "./script/script-options.ts";

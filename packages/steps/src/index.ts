export { createSteps, type Steps, type StepsOptions } from "./create-steps.ts";
export type { ImageOutput } from "./image/image-runner.ts";
export type { LayerOutput } from "./layer/layer-runner.ts";

export { definitionIn, discover, type Place } from "./discover.ts";
export { type EvaluateOptions, type Evaluation, evaluate } from "./evaluate.ts";
export { CONFIG_FILE, DEFINITION_FILE, findWorkspace } from "./find-workspace.ts";
export { type ConfigOptions, type LoadedConfig, loadConfig } from "./load-config.ts";
export { buildRuntime, type Runtime, runtimeFrom } from "./runtime.ts";
export type { EvaluationCache } from "./saved-evaluation.ts";

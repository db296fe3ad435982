export { type Abilities, type IdMode, idsHint } from "./abilities.ts";
export { mapName } from "./id-map.ts";
export { mappedCommand, writeAll } from "./mapped-command.ts";
export { OutputLines } from "./output-lines.ts";
export { type ChangedContent, type ChangedFile, type ReadChangesOptions, readChanges } from "./read-changes.ts";
export { type FoundOutput, readOutput } from "./read-output.ts";
export { removeTree } from "./remove-tree.ts";
export { hasInterpreter } from "./run-files.ts";
export { openSandbox, type Sandbox } from "./sandbox.ts";
export type { SandboxHost } from "./sandbox-host.ts";
export {
  BUILDER_ID,
  type RecordedDevice,
  type SandboxBind,
  type SandboxEnd,
  type SandboxLimits,
  type SandboxRoot,
  type SandboxRun,
} from "./sandbox-run.ts";
export { extract, type UnpackOptions, unpackLayer } from "./unpack-layer.ts";

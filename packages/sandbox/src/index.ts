export { type Abilities, idsHint, type IdMode } from "./abilities.ts";
export { mapName } from "./id-map.ts";
export { removeTree } from "./remove-tree.ts";
export { BUILDER_ID } from "./run-files.ts";
export { openSandbox, type Sandbox } from "./sandbox.ts";
export type { SandboxHost } from "./sandbox-host.ts";
export type {
  RecordedDevice,
  SandboxBind,
  SandboxEnd,
  SandboxLimits,
  SandboxRoot,
  SandboxRun,
} from "./sandbox-run.ts";
export { BaseView } from "./base-view.ts";
export { type LayerListing, type ListedNode, readListing, writeListing } from "./layer-listing.ts";
export { writeAll } from "./mapped-command.ts";
export { type ChangedContent, type ChangedFile, readChanges, type ReadChangesOptions } from "./read-changes.ts";
export { extract, unpackLayer, type UnpackOptions } from "./unpack-layer.ts";

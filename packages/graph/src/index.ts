export type { BuildEvent, EventSink, MissReason, PlannedStep, StepResult } from "./build-event.ts";
export { byCodeUnit, canonicalJson, hashParts } from "./canonical.ts";
export { commandTitle } from "./command-title.ts";
export type { Derivation, DerivationId, Graph, InputHash, ResolvedKey, Target, TargetImage } from "./derivation.ts";
export type { JsonValue } from "./json.ts";
export { derivationId, FORMAT_VERSION, inputHash, resolvedKey, tagOf } from "./keys.ts";
export type {
  ArchiveArgs,
  BaseLayersArgs,
  DebPackageArgs,
  DebSystemArgs,
  DirectoryArgs,
  ExportArgs,
  FetchUrlArgs,
  FetchUrlOrigin,
  FileArgs,
  ImageArgs,
  ImageIndexArgs,
  LayerArgs,
  LayerScript,
  LayerSetArgs,
  LeftOut,
  LinkArgs,
  MadeArchiveArgs,
  MergeArgs,
  MergeImagesArgs,
  NpmBinsArgs,
  NpmPackageArgs,
  PathArgs,
  PullImageArgs,
  PullImageOrigin,
  RunCommandArgs,
  ScriptLayerArgs,
  SelectArgs,
  TreeArgs,
  UnpackArgs,
} from "./kinds.ts";
export { MACHINE_PLACES, SANDBOX_PLACES, STORED_TREE_KINDS } from "./kinds.ts";
export { formatLabel, type Label, type LabelPattern, matchesLabel, parseLabel, parseLabelPattern } from "./label.ts";
export type { Leaf, LeafReader, LeafReading } from "./leaf.ts";
export { diffTrees, encodeNode, type MerkleEntry, nodeDigest, parseNode, type TreeChange } from "./merkle.ts";
export { didYouMean, nearest } from "./nearest.ts";
export type { Output, Step, StepRunner } from "./step-runner.ts";
export type { KeyLocks, Trace, TraceStore } from "./trace-store.ts";

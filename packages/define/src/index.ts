export { createApi, type DefinitionApi } from "./api.ts";
export type { PulledValue } from "./base.ts";
export type { Caller, Fact, FactAnswer, Host } from "./call.ts";
export type { ExportImageOptions, ImageIndexOptions, MergeImagesOptions } from "./collections.ts";
export type { RunCommandOptions, RunCommandValue } from "./command/command-options.ts";
export type { DebianHelper, DebianPackagesOptions, DebianPackagesValue } from "./debian/debian-options.ts";
export type { DebianRequest, EssentialPackages, LockAnswer, LockedDeb } from "./debian/debian-request.ts";
export { type EncodedNode, ValueEncoder } from "./encode.ts";
export type { EnvOptions, GlobOptions } from "./facts.ts";
export type { FetchUrlOptions } from "./fetch/fetch-url.ts";
export type { UnpackOptions } from "./fetch/unpack.ts";
export type { ModeOptions, PathOptions } from "./files.ts";
export type {
  BinShOptions,
  CaCertificatesOptions,
  FakeNssOptions,
  IanaEtcOptions,
  UsrBinEnvOptions,
} from "./helpers.ts";
export type { BuildImageOptions, ConfigKey } from "./image-options.ts";
export type { BuildLayeredImageOptions } from "./layered-options.ts";
export { API_NAMES } from "./names.ts";
export type { NpmPlatform, NpmWorkspaceOptions, NpmWorkspaceValue } from "./npm/npm-options.ts";
export { outsideApi } from "./outside.ts";
export { describeValue } from "./plain.ts";
export { isUndefinedProblem } from "./problem.ts";
export type { PullImageOptions } from "./pull-image.ts";
export type { ImageValue, PathValue, RawPosition, Source, SourceLike, Value } from "./source.ts";
export { recordOf } from "./source.ts";
export type { MergeOptions, TreeOptions } from "./unions.ts";
export { type DebianConfig, readWorkspaceConfig, type WorkspaceConfig } from "./workspace-config.ts";

import type { JsonValue } from "@imgbuild/graph";
import type { PulledValue } from "./base.ts";
import { makeImage } from "./build-image.ts";
import { makeLayeredImage } from "./build-layered-image.ts";
import type { Caller } from "./call.ts";
import {
  type ExportImageOptions,
  type ImageIndexOptions,
  type MergeImagesOptions,
  makeExport,
  makeImageIndex,
  makeMergedImages,
} from "./collections.ts";

import type { RunCommandOptions, RunCommandValue } from "./command/command-options.ts";
import { makeRunCommand } from "./command/run-command.ts";
import type { DebianPackagesOptions, DebianPackagesValue } from "./debian/debian-options.ts";
import { makeDebianPackages } from "./debian/debian-packages.ts";

import type { EnvOptions, GlobOptions } from "./facts.ts";
import { gitHead, globFiles, readEnv, readJsonFile, readTextFile } from "./facts.ts";
import { type FetchUrlOptions, makeFetchUrl } from "./fetch/fetch-url.ts";
import { makeUnpack, type UnpackOptions } from "./fetch/unpack.ts";
import type { ModeOptions, PathOptions } from "./files.ts";
import { makeDirectory, makeJson, makeLink, makePath, makeText } from "./files.ts";
import {
  type BinShOptions,
  type CaCertificatesOptions,
  type FakeNssOptions,
  type IanaEtcOptions,
  makeBinSh,
  makeCaCertificates,
  makeFakeNss,
  makeIanaEtc,
  makeUsrBinEnv,
  type UsrBinEnvOptions,
} from "./helpers.ts";
import type { BuildImageOptions } from "./image-options.ts";
import type { BuildLayeredImageOptions } from "./layered-options.ts";
import type { NpmWorkspaceOptions, NpmWorkspaceValue } from "./npm/npm-options.ts";
import { makeNpmWorkspace } from "./npm/npm-workspace.ts";
import { makePullImage, type PullImageOptions } from "./pull-image.ts";
import { shadowSetup } from "./shadow-setup.ts";
import type { ImageValue, PathValue, RawPosition, SourceLike, Value } from "./source.ts";
import { type MergeOptions, makeMerge, makeTree, type TreeOptions } from "./unions.ts";
import { readWorkspaceConfig, type WorkspaceConfig } from "./workspace-config.ts";

/**
 * What `import { … } from "imgbuild"` gives. The functions build frozen values and perform nothing; all throw
 * `definition` (`path-escape` for a path that leaves the workspace) and report every problem of a call together. Paths
 * are relative to the file that imported the API; `//x` is `x` in the workspace.
 */
export interface DefinitionApi {
  /** `/bin/sh`, as a link to a shell of the image or as the program itself. */
  binSh(options?: BinShOptions): Value<"tree">;
  /** An image of one new layer on its base. */
  buildImage(options: BuildImageOptions): ImageValue;
  /** An image of many layers, split so that what changes alone is alone, on its base. */
  buildLayeredImage(options: BuildLayeredImageOptions): ImageValue;
  /** A bundle of certificates at the three places where programs look for it. */
  caCertificates(options: CaCertificatesOptions): Value<"tree">;
  /**
   * Packages of Debian and all they need, as `imgbuild.lock` names them: their files, unpacked without running their scripts, and over
   * them dpkg's database and what helpers make. Throws `definition` for a request that the lock does not have.
   */
  debianPackages(options: DebianPackagesOptions): DebianPackagesValue;
  /** The settings of a workspace, for `imgbuild.config.ts`. */
  defineConfig(config: WorkspaceConfig): WorkspaceConfig;
  /** An empty directory. */
  directory(options?: ModeOptions): Value<"directory">;
  /** A variable of the environment; without a default it must be set. Part of the evaluation's key. */
  env(name: string, options?: EnvOptions): string;
  /** The files of an image, whiteouts applied, without its config: `imgbuild build -o FILE` writes them as a tar. */
  exportImage(options: ExportImageOptions): Value<"export">;
  /** `/etc/passwd`, `/etc/group` and `/etc/nsswitch.conf` with root and nobody, and the directory `/var/empty`. */
  fakeNss(options?: FakeNssOptions): Value<"tree">;
  /** A file of the web, known by its hash; where it is decides nothing. */
  fetchUrl(options: FetchUrlOptions): Value<"fetchUrl">;
  /** Facts of the repository. */
  readonly git: {
    /** The commit that is checked out, in hex. Part of the evaluation's key. */
    head(): string;
  };
  /** Files that match (and match no pattern with a leading `!`), relative to the definition, sorted by code unit. */
  glob(patterns: string | readonly string[], options?: GlobOptions): readonly string[];
  /** `/etc/protocols` and `/etc/services`. */
  ianaEtc(options?: IanaEtcOptions): Value<"tree">;
  /** One name for images of several platforms, delivered as an OCI layout or archive. */
  imageIndex(options: ImageIndexOptions): Value<"image-index">;
  /** A file that holds a value as JSON, indented by two, with a newline at its end. */
  json(value: unknown, options?: ModeOptions): Value<"file">;
  /** A symbolic link; the target is kept as it is. */
  link(target: string): Value<"link">;
  /** The union of sources; two that differ at one path are an error unless `conflict` says who wins. */
  merge(sources: readonly SourceLike[], options?: MergeOptions): Value<"merge">;
  /** Images that are delivered together: in one archive or layout, or all into Docker. */
  mergeImages(images: readonly ImageValue[], options?: MergeImagesOptions): Value<"merge-images">;
  /**
   * What one workspace of an npm or pnpm repository needs at run time, as its lock says, at the places where Node finds it.
   * Throws what reading the lock throws: `invalid-archive`, `unsupported`, `path-escape`.
   */
  npmWorkspace(options: NpmWorkspaceOptions): NpmWorkspaceValue;
  /** A file or directory of the workspace, whole or in part. */
  path(path: string, options?: PathOptions): PathValue;
  /** An image of a registry, by digest: a base for `fromImage`, or a target under a name of its own. */
  pullImage(options: PullImageOptions): PulledValue;
  /** The JSON in a file of the workspace, frozen. Part of the evaluation's key. */
  readJson(path: string): JsonValue;
  /** The text of a file of the workspace (UTF-8). Part of the evaluation's key. */
  readText(path: string): string;
  /** What a command makes in a sandbox, of declared inputs alone. */
  runCommand(options: RunCommandOptions): RunCommandValue;
  /** The text of a script for `runAsRoot` that makes the files which `useradd` and `groupadd` need. */
  readonly shadowSetup: string;
  /** The same image as {@link buildLayeredImage} makes; a name for those that are meant for `imgbuild stream`. */
  streamLayeredImage(options: BuildLayeredImageOptions): ImageValue;
  /** A file that holds this text. */
  text(content: string, options?: ModeOptions): Value<"file">;
  /** Sources at places: a directory's contents go under the destination, a file becomes it. */
  tree(entries: Readonly<Record<string, SourceLike>>, options?: TreeOptions): Value<"tree">;
  /** The files of an archive: a tar, plain or compressed by gzip, zstd or xz, or a zip. */
  unpack(archive: SourceLike, options?: UnpackOptions): Value<"unpack">;
  /** `/usr/bin/env`, as a link to a program of the image or as the program itself. */
  usrBinEnv(options?: UsrBinEnvOptions): Value<"tree">;
}

/** The API, bound to the directory of the importing file and to the host that answers its questions. */
export function createApi(caller: Caller): DefinitionApi {
  const at = () => oneCall(caller);
  return Object.freeze({
    binSh: (options?: BinShOptions) => makeBinSh(at(), options),
    buildImage: (options: BuildImageOptions) => makeImage(at(), options),
    buildLayeredImage: (options: BuildLayeredImageOptions) => makeLayeredImage(at(), options),
    caCertificates: (options: CaCertificatesOptions) => makeCaCertificates(at(), options),
    debianPackages: (options: DebianPackagesOptions) => makeDebianPackages(at(), options),
    defineConfig: (config: WorkspaceConfig) => readWorkspaceConfig(config),
    directory: (options?: ModeOptions) => makeDirectory(at(), options),
    env: (name: string, options?: EnvOptions) => readEnv(caller, name, options),
    exportImage: (options: ExportImageOptions) => makeExport(at(), options),
    fakeNss: (options?: FakeNssOptions) => makeFakeNss(at(), options),
    fetchUrl: (options: FetchUrlOptions) => makeFetchUrl(at(), options),
    git: Object.freeze({ head: () => gitHead(caller) }),
    glob: (patterns: string | readonly string[], options?: GlobOptions) => globFiles(caller, patterns, options),
    ianaEtc: (options?: IanaEtcOptions) => makeIanaEtc(at(), options),
    imageIndex: (options: ImageIndexOptions) => makeImageIndex(at(), options),
    json: (value: unknown, options?: ModeOptions) => makeJson(at(), value, options),
    link: (target: string) => makeLink(at(), target),
    merge: (sources: readonly SourceLike[], options?: MergeOptions) => makeMerge(at(), sources, options),
    mergeImages: (images: readonly ImageValue[], options?: MergeImagesOptions) =>
      makeMergedImages(at(), images, options),
    npmWorkspace: (options: NpmWorkspaceOptions) => makeNpmWorkspace(at(), options),
    path: (path: string, options?: PathOptions) => makePath(at(), path, options),
    pullImage: (options: PullImageOptions) => makePullImage(at(), options),
    readJson: (path: string) => readJsonFile(caller, path),
    readText: (path: string) => readTextFile(caller, path),
    runCommand: (options: RunCommandOptions) => makeRunCommand(at(), options),
    shadowSetup,
    streamLayeredImage: (options: BuildLayeredImageOptions) => makeLayeredImage(at(), options),
    text: (content: string, options?: ModeOptions) => makeText(at(), content, options),
    tree: (entries: Readonly<Record<string, SourceLike>>, options?: TreeOptions) => makeTree(at(), entries, options),
    unpack: (archive: SourceLike, options?: UnpackOptions) => makeUnpack(at(), archive, options),
    usrBinEnv: (options?: UsrBinEnvOptions) => makeUsrBinEnv(at(), options),
  });
}

/** The caller during one call: its place is asked for once, since reading a stack is slow. */
function oneCall(caller: Caller): Caller {
  let known: RawPosition | undefined;
  const position = () => {
    if (known === undefined) known = caller.host.position();
    return known;
  };
  return { dir: caller.dir, host: { ask: caller.host.ask, warn: caller.host.warn, position } };
}

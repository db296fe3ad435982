import type { ContainerConfig } from "@imgbuild/oci";
import type { BaseLike } from "./base.ts";
import type { CompressionOptions } from "./compressor.ts";
import type { SourceLike } from "./source.ts";

/** Names of the fields of a container config. */
export type ConfigKey = keyof ContainerConfig;

/** The attributes of {@link DefinitionApi.buildImage}; names and meanings are those of nixpkgs' dockerTools. */
export interface BuildImageOptions {
  /** Repository name, with or without a registry: `app`, `registry.local:5000/team/app`. Lower-cased in references. */
  readonly name: string;
  /** Null (default) for the input hash: it follows everything the image is made from. */
  readonly tag?: string | null;
  /**
   * The base: another image, an index of images, or the path of a docker-archive, OCI archive or OCI layout of the workspace, or
   * one that fetchUrl, unpack or runCommand give. Its layers are used as they are. Null (default) for none.
   */
  readonly fromImage?: BaseLike | null;
  /** Which image of an archive that holds several: its repository name. */
  readonly fromImageName?: string | null;
  /** Which image of an archive that holds several: its tag. */
  readonly fromImageTag?: string | null;
  /** What the new layer holds. Of several, the last wins. A directory's contents go to `/`; a file under its own name. */
  readonly copyToRoot?: SourceLike | readonly SourceLike[] | null;
  /** @deprecated The old name of {@link BuildImageOptions.copyToRoot}. */
  readonly contents?: SourceLike | readonly SourceLike[] | null;
  /**
   * Links to directories. True (default): links of a source stay links, and what a later source or the image puts into a
   * directory goes through a link to one that is there already. False: the directory that a relative link of a path leads
   * to, inside that path, is copied in place of the link. (dockerTools' default is false.)
   */
  readonly keepContentsDirlinks?: boolean;
  /**
   * What happens where a directory of the sources meets a link to a directory in the base, as `/bin` of a merged-/usr base:
   * `follow` (default) puts `/bin/x` where the link leads, `replace` puts a directory in place of the link.
   */
  readonly baseLinks?: "follow" | "replace";
  /**
   * A shell script run as root in the image: `/` is the base with what copyToRoot gives, there is no network, what it changes or
   * deletes becomes part of the layer. Runs with `-e` in the image's own shell, or one lent by this machine if it has none; or by the
   * program that a first line such as `#!/usr/bin/python3` names, which must be in the image.
   */
  readonly runAsRoot?: string | null;
  /**
   * A shell script that changes what copyToRoot gives, in the directory that becomes `/`: paths are relative. It has the programs
   * of this machine and no rights, except after runAsRoot, when it works on all that is new as root.
   */
  readonly extraCommands?: string | null;
  /** Seconds after which a script has failed. Default none. */
  readonly timeout?: number | null;
  /** Most MiB that the scripts may write. Default none; some free space is left to the machine anyway. */
  readonly diskSize?: number;
  /** Accepted for dockerTools' sake, without effect: there is no virtual machine. */
  readonly buildVMMemorySize?: number;
  /** How a container is started (Docker image spec v1.3). */
  readonly config?: ContainerConfig | null;
  /**
   * What the image is for, as Go names it: `amd64`, `arm/v7`. It chooses among the platforms of an archive and the packages of
   * contents; nothing else of the image is changed. Default that of the base, without one `amd64`, on any machine.
   */
  readonly architecture?: string;
  /** RFC 3339, or `now`, which gives up reproducibility. Default `1970-01-01T00:00:01Z`. Never reaches a layer. */
  readonly created?: string;
  /** Owner of what copyToRoot places, where a source names none; default 0. */
  readonly uid?: number;
  /** Group of what copyToRoot places; default 0. */
  readonly gid?: number;
  /** How archives of the image are compressed, in OCI outputs its layers; default `gz`. */
  readonly compressor?: "none" | "gz" | "zstd";
  /** The same with a level, in the place of `compressor`. */
  readonly compression?: CompressionOptions | null;
  /** Fields of the base's config that are kept beside Env. Default none. */
  readonly inheritConfig?: readonly ConfigKey[] | "all" | null;
  /** Fields that are removed after inheriting. */
  readonly unset?: readonly ConfigKey[] | null;
  /** Added to `config.Labels`. */
  readonly labels?: Readonly<Record<string, string>> | null;
  /** Annotations of the manifest, in OCI outputs; a docker-archive has no place for them, and an image on this one none of them. */
  readonly annotations?: Readonly<Record<string, string>> | null;
}

/** Every attribute, for checks. */
export const BUILD_IMAGE_ATTRIBUTES = [
  "name",
  "tag",
  "fromImage",
  "fromImageName",
  "fromImageTag",
  "copyToRoot",
  "contents",
  "keepContentsDirlinks",
  "baseLinks",
  "runAsRoot",
  "extraCommands",
  "timeout",
  "diskSize",
  "buildVMMemorySize",
  "config",
  "architecture",
  "created",
  "uid",
  "gid",
  "compressor",
  "compression",
  "inheritConfig",
  "unset",
  "labels",
  "annotations",
] as const satisfies readonly (keyof BuildImageOptions)[];

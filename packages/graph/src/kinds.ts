import type { ContainerConfig } from "@imgbuild/oci";

/**
 * The arguments of each derivation kind: what `define` writes and `steps` reads. All are plain JSON. Paths inside an
 * image have no leading `/` and no `.` or `..`; `""` is its root. Paths of the workspace are relative to it, with `/`.
 */

/** `path`: a leaf. A file or directory of the workspace. No inputs. */
export interface PathArgs {
  readonly path: string;
  /** picomatch patterns relative to the path; empty means everything. Sorted. */
  readonly include: readonly string[];
  /** Patterns left out; a pattern that matches a directory leaves out all below it. Sorted. */
  readonly exclude: readonly string[];
  /** Follow symbolic links instead of storing them. */
  readonly follow: boolean;
}

/** `file`: inline content (`text`, `json`). No inputs. */
export interface FileArgs {
  readonly text: string;
  /** Permission bits; null for 0644. */
  readonly mode: number | null;
}

/** `link`: a symbolic link. No inputs. The target is kept verbatim. */
export interface LinkArgs {
  readonly target: string;
}

/** `directory`: an empty directory. No inputs. */
export interface DirectoryArgs {
  /** Permission bits; null for 0755. */
  readonly mode: number | null;
}

/** `tree`: inputs placed at destinations; input i goes to `destinations[i]`. */
export interface TreeArgs {
  readonly destinations: readonly string[];
  /** Owner and mode of everything placed; null leaves them. `mode` applies to files only. */
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mode: number | null;
}

/** `merge`: union of the inputs, in order. */
export interface MergeArgs {
  /** What happens when two inputs have one path with another content, mode or owner. Directories always unite. */
  readonly conflict: "error" | "first" | "last";
}

/** `layer`: one layer of what a source has and the base lacks. Inputs: the source, then a `base-layers` if `hasBase`. */
export interface LayerArgs {
  /** Owner of entries that have none of their own. */
  readonly uid: number;
  readonly gid: number;
  readonly hasBase: boolean;
  /** False: the directory that a relative link of a `path` leads to is copied in place of the link. */
  readonly keepContentsDirlinks: boolean;
  /** Where a directory of the source meets a link to a directory of the base: `follow` goes through it. */
  readonly baseLinks: "follow" | "replace";
}

/** `base-layers`: the layers of an image without its config, so that they alone decide what is built on it. Inputs: the image. */
export type BaseLayersArgs = Readonly<Record<string, never>>;

/** `archive`: a leaf. An image in a docker-archive, OCI archive or OCI layout of the workspace. No inputs. */
export interface ArchiveArgs {
  readonly path: string;
  /** Which image, when the archive has several; null when not said. */
  readonly name: string | null;
  readonly tag: string | null;
}

/** `image`: config and layers. Inputs: the base (an `image` or `archive`) if `hasBase`, then the new layers, bottom first. */
export interface ImageArgs {
  readonly hasBase: boolean;
  readonly config: ContainerConfig;
  /** Fields of the base's config that are kept beside Env: names of {@link ContainerConfig}, or `["all"]`. */
  readonly inherit: readonly string[];
  /** Fields removed after inheriting. */
  readonly unset: readonly string[];
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | null;
  /** RFC 3339, or `now`. */
  readonly created: string;
  /** One line of history for each new layer: what went into it. */
  readonly history: readonly string[];
}

/** Kinds whose output is a tree in the store (`data.tree`, a listing): made once, read by the layers that contain them. */
export const STORED_TREE_KINDS = ["npmPackage", "debPackage", "runCommand", "unpack"] as const;

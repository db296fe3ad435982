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

/**
 * `layerSet`: sources split over layers under a budget. Inputs: one source a unit, in the order of `units` (of two with one
 * path the later wins), then a `base-layers` if `hasBase`.
 */
export interface LayerSetArgs extends LayerArgs {
  readonly units: readonly {
    /** For the image's history. */
    readonly name: string;
    /** Places in `units` of what it needs. */
    readonly dependsOn: readonly number[];
    /** It changes more often than the others (files of the workspace beside packages): its layer is above theirs. */
    readonly onTop?: true;
  }[];
  /** Places in `units` of what was put together by hand: one layer each, bottom first, below all others. */
  readonly groups: readonly (readonly number[])[];
  readonly algorithm: "size" | "popularity";
  /** Most layers of the whole image, those of the base among them. */
  readonly maxLayers: number;
  /** Layers that come on top of these. */
  readonly reserved: number;
  /** Most layers of this set, its groups apart; absent for no limit of its own. */
  readonly atMost?: number;
  /** RFC 3339, or `now`: of every member. */
  readonly mtime: string;
  /** Names of the owner; empty for none. */
  readonly uname: string;
  readonly gname: string;
}

/** One script of a `scriptLayer`. */
export interface LayerScript {
  /** The attribute that it comes from: `runAsRoot`, `extraCommands`, `fakeRootCommands`. */
  readonly name: string;
  /** Text for a shell, run with `-e`. */
  readonly text: string;
  /**
   * `root`: `/` is the base with the new files, and so is the working directory. `tree`: the working directory is a directory with
   * the new files alone, `/` has the programs of this machine.
   */
  readonly view: "root" | "tree";
  /** `root`: user 0 who may chown and mknod. `builder`: a user without rights; what it makes gets the owner of the layer. */
  readonly user: "root" | "builder";
}

/**
 * `scriptLayer`: one layer of what a source has and the base lacks, changed by scripts. Inputs: the source if `hasSource`, then a
 * `base-layers` if `hasBase`.
 */
export interface ScriptLayerArgs extends LayerArgs {
  readonly hasSource: boolean;
  /** In the order in which they run. Not empty. */
  readonly scripts: readonly LayerScript[];
  /** Of each script; null for none. */
  readonly timeoutSeconds: number | null;
  /** Most MiB that the scripts may write; absent for no limit. */
  readonly diskMiB?: number;
}

/** `base-layers`: the layers of an image without its config, so that they alone decide what is built on it. Inputs: the image. */
export type BaseLayersArgs = Readonly<Record<string, never>>;

/** `archive`: a leaf. An image in a docker-archive, OCI archive or OCI layout of the workspace. No inputs. */
export interface ArchiveArgs {
  readonly path: string;
  /** Which image, when the archive has several; null when not said. */
  readonly name: string | null;
  readonly tag: string | null;
  /** What the image must be for. Left out: the one platform that there is, else linux/amd64. */
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant: string | null };
}

/** `made-archive`: an image in an archive or layout that a source is. Inputs: the source, one file or the files of a layout. */
export type MadeArchiveArgs = Omit<ArchiveArgs, "path">;

/** `image`: config and layers. Inputs: the base (an `image`, `archive` or `made-archive`) if `hasBase`, then the new layers, bottom first. */
export interface ImageArgs {
  readonly hasBase: boolean;
  readonly config: ContainerConfig;
  /** Fields of the base's config that are kept beside Env: names of {@link ContainerConfig}, or `["all"]`. */
  readonly inherit: readonly string[];
  /** Fields removed after inheriting. */
  readonly unset: readonly string[];
  readonly os: string;
  /** Null: that of the base, which only its archive knows. */
  readonly architecture: string | null;
  readonly variant: string | null;
  /** RFC 3339, or `now`. */
  readonly created: string;
  /** One line of history for each new layer: what went into it. */
  readonly history: readonly string[];
  /** Of the manifest in OCI outputs; absent for none. No part of the config: an image on this one does not inherit them. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** `export`: the root file system of an image, without its config. Inputs: an `image` or `archive`. */
export interface ExportArgs {
  readonly name: string;
}

/** `merge-images`: images that are delivered together. Inputs: `image`s; one may come twice under two names. */
export interface MergeImagesArgs {
  /** What each input is called; the tag is null for its input hash. */
  readonly images: readonly { readonly name: string; readonly tag: string | null }[];
  /** How an archive of them is compressed unless the command says otherwise. */
  readonly compressor: "none" | "gz" | "zstd";
}

/** `image-index`: one name for images of several platforms. Inputs: `image`s, no two of one platform. */
export interface ImageIndexArgs {
  /** Of the index; absent for none. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * `npmPackage`: the files of one package of npm. No inputs. `origin` is undefined for what a registry has under the name and
 * version, `registry+URL` when a lock says where, `url+URL` for an address of its own, `file+PATH` for a tarball of the
 * workspace; `registry@DIRECTORY+URL` and `url@DIRECTORY+URL` name the directory of the lock where it is not the workspace.
 */
export interface NpmPackageArgs {
  readonly name: string;
  readonly version: string;
  /** What the tarball must hash to, as npm writes it: `sha512-base64`. */
  readonly integrity: string;
  /**
   * `deny`: the lock says that it has install scripts, and they may not run: it is refused, saying what would have run. `look`: the
   * lock does not say; it is refused if it has some. null: they are not looked at.
   */
  readonly scripts: "deny" | "look" | null;
}

/**
 * `debPackage`: the files of one package of Debian, where they lie on a merged `/usr`. No inputs. `origin` is `SUITE PATH`: the path
 * is relative to the root of a mirror of the suite.
 */
export interface DebPackageArgs {
  readonly name: string;
  readonly version: string;
  /** `all` or that of the image. */
  readonly architecture: string;
  /** Bytes of the `.deb`. */
  readonly size: number;
  /** What it must hash to: 64 hex digits. */
  readonly sha256: string;
  /** Files that are left out: see {@link LeftOut}. */
  readonly leaveOut: LeftOut;
}

/** What is not unpacked of packages. */
export interface LeftOut {
  /** picomatch patterns, relative to the root; one that matches a directory leaves out all below it. Sorted. */
  readonly exclude: readonly string[];
  /** Manual pages, info, and documentation but for copyright. */
  readonly documentation: boolean;
}

/**
 * `debSystem`: what dpkg and the scripts of packages, which are not run, would have written: dpkg's database, the links of a merged
 * `/usr`, accounts and so on. Inputs: `debPackage`s, no two of one name.
 */
export interface DebSystemArgs {
  /** `dpkg`: as dpkg, apt and scanners read it; `status.d`: a file a package, which scanners read; `none`. */
  readonly database: "dpkg" | "status.d" | "none";
  /** Which helpers stand in for scripts. Sorted. */
  readonly helpers: readonly string[];
}

/** `fetchUrl`: a file known by its hash. No inputs. `origin` is a {@link FetchUrlOrigin} as JSON. */
export interface FetchUrlArgs {
  /** `sha256:`, `sha384:` or `sha512:` and hex digits; empty when it is to be found out, which ends in an error. */
  readonly hash: string;
  /** Where it is placed without another name; null for none. */
  readonly name: string | null;
  /** Permission bits; null for 0644. */
  readonly mode: number | null;
}

/** Where the file of a `fetchUrl` may be had. */
export interface FetchUrlOrigin {
  /** Best first. */
  readonly urls: readonly string[];
  /** The hash in the form in which it was written; empty for none. */
  readonly integrity: string;
  readonly maxBytes: number;
}

/** `unpack`: the files of an archive. Inputs: a source that is one file. */
export interface UnpackArgs {
  /** Parts taken off the front of each path. */
  readonly strip: number;
  /** picomatch patterns, matched afterwards; empty means everything. Sorted. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/**
 * `runCommand`: what a command makes. Inputs: the files it sees, as a source of the root of its file system, if `hasInputs`; then
 * the root file system (a source, or the `base-layers` of an image) if `root` is not null.
 */
export interface RunCommandArgs {
  /** A program with its arguments, or the text of a shell script, run with `-e`. */
  readonly command: readonly string[] | string;
  /** Absolute. */
  readonly workingDirectory: string;
  /** What is kept, relative to the working directory; not empty. */
  readonly outputs: readonly string[];
  /** `content`: the value is what the one output is. `paths`: a tree with the outputs at their paths. */
  readonly shape: "content" | "paths";
  readonly hasInputs: boolean;
  readonly root: "source" | "image" | null;
  /** What the command is run with where it sees programs of this machine: the version of Node and the platform; null with a root. */
  readonly machine: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly network: boolean;
  /** Names of secrets; with `env` the command has it as a variable too. */
  readonly secrets: readonly { readonly name: string; readonly env: boolean }[];
  /** Null for none. */
  readonly timeoutSeconds: number | null;
}

/** Names at the top of a file system that belong to the sandbox of every command. */
export const SANDBOX_PLACES = [".imgbuild", "dev", "proc", "run", "sys"] as const;

/** Names at the top that programs of the machine take where a command has no root of its own. */
export const MACHINE_PLACES = [
  "bin",
  "etc",
  "gnu",
  "lib",
  "lib32",
  "lib64",
  "libx32",
  "nix",
  "sbin",
  "tmp",
  "usr",
] as const;

/** `pullImage`: an image of a registry. No inputs. Its origin is a {@link PullImageOrigin}. */
export interface PullImageArgs {
  /** Of the manifest or index: `sha256:…`. */
  readonly digest: string;
  /** Which image of an index; an image must be for it. */
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant: string | null };
}

/** Where an image is to be had: what it is, its digest says. */
export interface PullImageOrigin {
  /** With the registry, without tag: `registry.example.com/team/app`. */
  readonly name: string;
  readonly tlsVerify: boolean;
}

/** `select`: what is at a path of a tree. Inputs: the tree. */
export interface SelectArgs {
  /** Relative; the content of a directory, or the file itself. */
  readonly path: string;
}

/**
 * `npmBins`: links in `.bin` to the commands of packages whose names only their package.json has (pnpm). Inputs: the packages, in
 * the order of `owners`. The paths of the tree are below the root of the repository.
 */
export interface NpmBinsArgs {
  /** Where each package is found, in some `node_modules`. */
  readonly owners: readonly {
    /** `packages/api/node_modules/typescript`. */
    readonly path: string;
    readonly name: string;
  }[];
}

/** Kinds whose output is a tree in the store (`data.tree`, a listing): made once, read by the layers that contain them. */
export const STORED_TREE_KINDS = [
  "npmPackage",
  "npmBins",
  "debPackage",
  "debSystem",
  "fetchUrl",
  "runCommand",
  "unpack",
] as const;

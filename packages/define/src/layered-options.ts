import type { BuildImageOptions } from "./image-options.ts";
import type { SourceLike } from "./source.ts";

/** The attributes of {@link DefinitionApi.buildLayeredImage}; names and meanings are those of nixpkgs' dockerTools. */
export interface BuildLayeredImageOptions
  extends Omit<BuildImageOptions, "contents" | "copyToRoot" | "runAsRoot" | "diskSize" | "buildVMMemorySize"> {
  /** What the image holds: each entry is a unit that is never torn apart. Of two with one path the later wins. */
  readonly contents?: SourceLike | readonly SourceLike[] | null;
  /** Another name of {@link BuildLayeredImageOptions.contents}. */
  readonly copyToRoot?: SourceLike | readonly SourceLike[] | null;
  /** Layers put together by hand, bottom first: each entry is one layer, below those of `contents`. */
  readonly layers?: readonly (SourceLike | readonly SourceLike[])[] | null;
  /** Most layers of the whole image, those of the base among them; above 1. Default 100. */
  readonly maxLayers?: number;
  /**
   * How units are put into layers when there are more than layers: `size` (default) gives big ones a layer each, with what
   * only they need; `popularity` gives what most others need a layer each.
   */
  readonly layering?: "size" | "popularity";
  /** Time of every file: RFC 3339, or `now`. Default `1970-01-01T00:00:01Z`. */
  readonly mtime?: string;
  /** Name of the owner, beside `uid`. Default none. */
  readonly uname?: string;
  /** Name of the group, beside `gid`. Default none. */
  readonly gname?: string;
  /**
   * Shell commands that a user without rights runs in a directory with the contents, as the root of the image will be: paths are
   * relative. What they change is one more layer.
   */
  readonly extraCommands?: string | null;
  /** Shell commands that run after that as user 0, so that chown, chmod and mknod stay. Paths are relative as well. */
  readonly fakeRootCommands?: string | null;
  /** With true, `/` is the image itself in `fakeRootCommands`, its base and contents. Default false. */
  readonly enableFakechroot?: boolean;
  /** Seconds that a script may run; null (default) for no limit. */
  readonly timeout?: number | null;
  /** There is no store to mount in a container: `false` is refused. */
  readonly includeStorePaths?: true;
}

/** Every attribute, for checks. */
export const LAYERED_IMAGE_ATTRIBUTES = [
  "name",
  "tag",
  "fromImage",
  "fromImageName",
  "fromImageTag",
  "contents",
  "copyToRoot",
  "layers",
  "keepContentsDirlinks",
  "baseLinks",
  "config",
  "architecture",
  "created",
  "mtime",
  "uid",
  "gid",
  "uname",
  "gname",
  "maxLayers",
  "layering",
  "extraCommands",
  "fakeRootCommands",
  "enableFakechroot",
  "timeout",
  "includeStorePaths",
  "compressor",
  "compression",
  "inheritConfig",
  "unset",
  "labels",
  "annotations",
] as const satisfies readonly (keyof BuildLayeredImageOptions)[];

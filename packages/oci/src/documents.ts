import type { DiffId, Digest } from "./digest.ts";
import type { MediaTypeName } from "./media-type.ts";
import type { Platform } from "./platform.ts";

/** What names a blob: its type, digest and size in bytes (OCI descriptor.md). */
export interface Descriptor {
  readonly mediaType: MediaTypeName;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
}

/** A health check of a container (Docker image spec v1.3). Times are nanoseconds. */
export interface Healthcheck {
  /** `["NONE"]`, `["CMD", …args]` or `["CMD-SHELL", command]`; empty inherits. */
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** How a container of the image is started (OCI config.md, "config"; Docker image spec v1.3). */
export interface ContainerConfig {
  readonly User?: string;
  /** Sets `"8080/tcp": {}`. */
  readonly ExposedPorts?: Readonly<Record<string, Readonly<Record<string, never>>>>;
  /** `NAME=value`, one entry a variable. */
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, Readonly<Record<string, never>>>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number;
  readonly ArgsEscaped?: boolean;
  readonly Healthcheck?: Healthcheck;
  readonly OnBuild?: readonly string[];
  readonly Shell?: readonly string[];
  readonly MemorySwap?: number;
  readonly Memory?: number;
  readonly CpuShares?: number;
  readonly Hostname?: string;
  readonly Domainname?: string;
}

/** One line of `docker history`. */
export interface HistoryEntry {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  /** True when the line stands for no layer. */
  readonly empty_layer?: boolean;
}

/** The image configuration; its digest is the image ID (OCI config.md). */
export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly "os.version"?: string;
  readonly "os.features"?: readonly string[];
  readonly config?: ContainerConfig;
  readonly rootfs: { readonly type: "layers"; readonly diff_ids: readonly DiffId[] };
  readonly history?: readonly HistoryEntry[];
}

/** An image manifest (OCI manifest.md): config and layers, bottom layer first. */
export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: MediaTypeName;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An index of manifests (OCI image-index.md). */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: MediaTypeName;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

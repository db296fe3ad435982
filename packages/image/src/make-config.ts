import { ImgbuildError } from "@imgbuild/errors";
import type { ContainerConfig, DiffId, HistoryEntry, ImageConfig, Platform } from "@imgbuild/oci";
import { mergeEnv } from "./merge-env.ts";
import { platformOf } from "./parse-documents.ts";

/** What a definition says of an image, beside its layers. The arguments of an `image` derivation have this shape. */
export interface ImageSettings {
  readonly config: ContainerConfig;
  /** Fields of the base's container config that are kept beside Env, or `["all"]`. */
  readonly inherit: readonly string[];
  /** Fields of the base that are dropped after inheriting, Env too. What `config` sets stays. */
  readonly unset: readonly string[];
  readonly os: string;
  /** Null: as the base's. */
  readonly architecture: string | null;
  readonly variant: string | null;
  /** One line for each new layer: what went into it. */
  readonly history: readonly string[];
}

/** What a config is made of. */
export interface ConfigParts {
  /** The config of the base, as parsed from its JSON; undefined for none. */
  readonly base?: ImageConfig | undefined;
  readonly args: ImageSettings;
  /** The new layers, bottom first. */
  readonly layers: readonly DiffId[];
  /** RFC 3339. Written as it is into the config and into each new line of history. */
  readonly created: string;
}

/**
 * The config of an image: the base's layers, Env and history, then ours. Nothing else of the base is kept unless `inherit`
 * names it. Of an inherited map (Labels, ExposedPorts, Volumes) both sides are kept, and ours wins.
 */
export function makeImageConfig({ base, args, layers, created }: ConfigParts): ImageConfig {
  const baseLayers = base?.rootfs.diff_ids ?? [];
  const added = layers.map((_, index) => historyOf(created, args.history[index]));
  return {
    created,
    ...platformOfImage(args, base),
    config: containerConfig(base?.config, args),
    rootfs: { type: "layers", diff_ids: [...baseLayers, ...layers] },
    history: [...baseHistory(base, created), ...added],
  };
}

/** What an image is for: as its settings say, else as its base. */
function platformOfImage(args: ImageSettings, base: ImageConfig | undefined): Platform {
  const { os, architecture, variant } = args;
  if (architecture !== null) return { architecture, os, ...(variant === null ? {} : { variant }) };
  if (base === undefined) throw new ImgbuildError("internal", "Internal error: an image without architecture and base");
  return platformOf(base);
}

const MAPS: ReadonlySet<string> = new Set(["Labels", "ExposedPorts", "Volumes"]);

type Fields = Readonly<Record<string, unknown>>;

function containerConfig(base: ContainerConfig | null | undefined, args: ImageSettings): ContainerConfig {
  const inherited = inheritedFields(base, args);
  const own = present(args.config);
  const result: Record<string, unknown> = { ...inherited, ...own };
  for (const field of MAPS) {
    const [below, above] = [inherited[field], own[field]];
    if (isMap(below) && isMap(above)) result[field] = { ...below, ...above };
  }
  const env = mergeEnv(inherited.Env as string[] | undefined, args.config.Env);
  if (env.length > 0) result.Env = env;
  return result;
}

function inheritedFields(base: ContainerConfig | null | undefined, args: ImageSettings): Fields {
  const all = args.inherit.includes("all");
  const wanted = ([field]: [string, unknown]): boolean =>
    (all || field === "Env" || args.inherit.includes(field)) && !args.unset.includes(field);
  return Object.fromEntries(Object.entries(present(base ?? {})).filter(wanted));
}

/** Docker writes `null` for what is not set. */
function present(config: ContainerConfig): Fields {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null && value !== undefined));
}

function isMap(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function historyOf(created: string, line: string | undefined): HistoryEntry {
  return { created, created_by: "imgbuild", ...(line === undefined || line === "" ? {} : { comment: line }) };
}

/** Readers pair the lines of history that stand for a layer with the layers, so there must be one for each. */
function baseHistory(base: ImageConfig | undefined, created: string): HistoryEntry[] {
  const layers = base?.rootfs.diff_ids.length ?? 0;
  const known = base?.history ?? [];
  const filled = known.filter((entry) => entry.empty_layer !== true).length;
  const missing = filled > layers ? layers : layers - filled;
  const padding = Array.from({ length: missing }, () => ({ created, comment: "layer of the base" }));
  return filled > layers ? padding : [...known, ...padding];
}

import {
  type Descriptor,
  type DiffId,
  type ImageConfig,
  isDigest,
  type Platform,
  parseDiffId,
  parseDigest,
} from "@imgbuild/oci";
import { invalidArchive } from "./members.ts";

/** Where a document comes from, for messages. */
export interface DocumentPlace {
  /** The archive, in quotes. */
  readonly label: string;
  /** The document: "its manifest.json". */
  readonly what: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Parses JSON. Throws `invalid-archive` naming the document. */
function parseJson(bytes: Uint8Array, place: DocumentPlace): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it is damaged";
    throw wrong(place, `is no JSON: ${reason}`);
  }
}

/** One entry of a docker-archive's manifest.json. */
export interface DockerManifestEntry {
  readonly config: string;
  readonly repoTags: readonly string[];
  readonly layers: readonly string[];
}

/** Parses manifest.json of a docker-archive. */
export function parseDockerManifest(bytes: Uint8Array, place: DocumentPlace): DockerManifestEntry[] {
  const value = parseJson(bytes, place);
  if (!Array.isArray(value)) throw wrong(place, "is no list of images");
  return value.map((entry, index) => {
    const at = `entry ${index + 1}`;
    const { Config, RepoTags, Layers } = fieldsOf(entry, place, at);
    if (typeof Config !== "string") throw wrong(place, `has no "Config" in ${at}`);
    return { config: Config, repoTags: texts(RepoTags, place, "RepoTags"), layers: texts(Layers, place, "Layers") };
  });
}

/** The parts of an image config that we rely on; the rest is kept as it is. */
export function parseImageConfig(bytes: Uint8Array, place: DocumentPlace): ImageConfig {
  const fields = fieldsOf(parseJson(bytes, place), place, "the config");
  const rootfs = fieldsOf(fields.rootfs, place, '"rootfs"');
  const diffIds: DiffId[] = texts(rootfs.diff_ids, place, "rootfs.diff_ids").map(parseDiffId);
  const { history } = fields;
  if (!isHistory(history)) throw wrong(place, "has a wrong history");
  const { os, architecture, variant } = fields;
  for (const [name, value] of Object.entries({ os, architecture, variant })) {
    if (value !== undefined && typeof value !== "string") throw wrong(place, `has "${name}" that is no text`);
  }
  const rest = { history: history ?? [], rootfs: { type: "layers", diff_ids: diffIds } };
  const hasConfig = fields.config !== undefined && fields.config !== null;
  const config = hasConfig ? { config: containerFields(fieldsOf(fields.config, place, '"config"'), place) } : {};
  return { ...fields, ...config, ...rest } as object as ImageConfig;
}

function isHistory(history: unknown): history is readonly Fields[] | undefined | null {
  return history === undefined || history === null || (Array.isArray(history) && history.every(isFields));
}

const LISTS = ["Env", "OnBuild"] as const;
const COMMANDS = ["Entrypoint", "Cmd", "Shell"] as const;
const MAPS = ["ExposedPorts", "Volumes", "Labels"] as const;
const TEXTS = ["User", "WorkingDir", "StopSignal", "Hostname", "Domainname"] as const;

/** A container config with the types that readers written in Go insist on; a command may be one text, as they allow. */
function containerFields(config: Fields, place: DocumentPlace): Fields {
  const commands = COMMANDS.flatMap((name) => (typeof config[name] === "string" ? [[name, [config[name]]]] : []));
  const read: Fields = { ...config, ...Object.fromEntries(commands) };
  for (const name of [...LISTS, ...COMMANDS]) texts(read[name], place, `config.${name}`);
  for (const name of MAPS) {
    if (!isFields(read[name] ?? {})) throw wrong(place, `has "config.${name}" that is no object`);
  }
  for (const name of TEXTS) {
    if (typeof (read[name] ?? "") !== "string") throw wrong(place, `has "config.${name}" that is no text`);
  }
  return read;
}

/** What a config says it runs on; Docker's own default where it says nothing. */
export function platformOf(config: ImageConfig): Platform {
  const { os, architecture, variant } = config;
  const plain = { os: os || "linux", architecture: architecture || "amd64" };
  return variant === undefined || variant === "" ? plain : { ...plain, variant };
}

/** An OCI or Docker manifest or index, as far as we need it. */
export interface ParsedManifest {
  readonly manifests: readonly Descriptor[] | undefined;
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[] | undefined;
}

/** Parses a manifest or an index. One that is both is refused, since readers would differ on what it is (CVE-2021-41190). */
export function parseManifest(bytes: Uint8Array, place: DocumentPlace): ParsedManifest {
  const fields = fieldsOf(parseJson(bytes, place), place, "the document");
  const { manifests, layers, config } = fields;
  if (manifests !== undefined && (layers !== undefined || config !== undefined)) {
    throw wrong(place, "is a manifest and an index in one");
  }
  if (manifests === undefined && config === undefined) throw wrong(place, "is neither a manifest nor an index");
  return {
    manifests: manifests === undefined ? undefined : descriptors(manifests, place, "manifests"),
    config: config === undefined ? undefined : parseDescriptor(config, place, "config"),
    layers: config === undefined ? undefined : descriptors(layers, place, "layers"),
  };
}

function descriptors(value: unknown, place: DocumentPlace, name: string): Descriptor[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw wrong(place, `has "${name}" that is no list`);
  return value.map((entry, index) => parseDescriptor(entry, place, `${name}[${index}]`));
}

function parseDescriptor(value: unknown, place: DocumentPlace, name: string): Descriptor {
  const { mediaType, digest, size, annotations, platform } = fieldsOf(value, place, name);
  if (!isDigest(digest)) throw wrong(place, `has the digest ${JSON.stringify(digest)} in ${name}, wanted a sha256`);
  if (!Number.isSafeInteger(size) || Number(size) < 0) throw wrong(place, `has no size in ${name}`);
  return {
    mediaType: typeof mediaType === "string" ? mediaType : "",
    digest: parseDigest(digest),
    size: Number(size),
    ...(isFields(annotations) ? { annotations: annotations as Record<string, string> } : {}),
    ...(isFields(platform) ? { platform: platform as unknown as Platform } : {}),
  };
}

function fieldsOf(value: unknown, place: DocumentPlace, name: string): Fields {
  if (isFields(value)) return value;
  throw wrong(place, `has ${value === undefined || value === null ? "nothing" : "no object"} at ${name}`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function texts(value: unknown, place: DocumentPlace, name: string): string[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
  throw wrong(place, `has "${name}" that is no list of texts`);
}

function wrong(place: DocumentPlace, problem: string): Error {
  return invalidArchive(place.label, `${place.what} ${problem}`);
}

import type { Transform } from "node:stream";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { ImgbuildError } from "@imgbuild/errors";

/** An implementation of zstd. */
export interface ZstdProvider {
  /** Name and version: equal ids give equal bytes. */
  readonly id: string;
  /** Compresses to one frame on the thread pool. */
  compress(block: Uint8Array, level: number): Promise<Uint8Array>;
  /** Decompresses one frame. `limit` bytes are enough; a provider that can refuses to make more. */
  decompress(frame: Uint8Array, limit: number): Promise<Buffer>;
  /** A stream that decompresses in memory bounded by the window; undefined when the provider has none. */
  readonly createDecompress: (() => Transform) | undefined;
}

type OneShot = (bytes: Uint8Array, options: object, callback: (error: Error | null, result: Buffer) => void) => void;

/** What Node has from 22.15 on; the types in use are older. */
interface ZlibWithZstd {
  readonly zstdCompress?: OneShot;
  readonly zstdDecompress?: OneShot;
  readonly createZstdDecompress?: (options: object) => Transform;
}

/** ZSTD_c_compressionLevel, a number of zstd's stable API. */
const LEVEL_PARAMETER = 100;
const STREAM_CHUNK = 262_144;

function builtIn(): ZstdProvider | undefined {
  const { zstdCompress, zstdDecompress, createZstdDecompress } = zlib as ZlibWithZstd;
  if (zstdCompress === undefined || zstdDecompress === undefined || createZstdDecompress === undefined)
    return undefined;
  const compress: (bytes: Uint8Array, options: object) => Promise<Buffer> = promisify(zstdCompress);
  const decompress: (bytes: Uint8Array, options: object) => Promise<Buffer> = promisify(zstdDecompress);
  const { zstd } = process.versions as { readonly zstd?: string };
  return {
    id: `node-zlib-${zstd ?? process.versions.node}`,
    compress: (block, level) =>
      compress(block, { params: { [LEVEL_PARAMETER]: level }, chunkSize: Math.max(65_536, block.length >>> 1) }),
    decompress: (frame, limit) => decompress(frame, { maxOutputLength: limit + 1, chunkSize: Math.max(65_536, limit) }),
    createDecompress: () => createZstdDecompress({ chunkSize: STREAM_CHUNK }),
  };
}

interface NodeZstd {
  readonly Encoder: new (level: number) => { encode(data: Buffer): Promise<Buffer> };
  readonly Decoder: new () => { decode(data: Buffer): Promise<Buffer> };
}

function isNodeZstd(value: unknown): value is NodeZstd {
  return typeof value === "object" && value !== null && "Encoder" in value && "Decoder" in value;
}

function fromPackage(module: unknown, manifest: unknown): ZstdProvider | undefined {
  if (!isNodeZstd(module)) return undefined;
  const { version } = manifest as { readonly version: string };
  const { Encoder, Decoder } = module;
  const encoders = new Map<number, InstanceType<typeof Encoder>>();
  const encoderFor = (level: number): InstanceType<typeof Encoder> => {
    const encoder = encoders.get(level) ?? new Encoder(level);
    encoders.set(level, encoder);
    return encoder;
  };
  const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    id: `node-zstd-${version}`,
    compress: (block, level) => encoderFor(level).encode(asBuffer(block)),
    decompress: (frame) => new Decoder().decode(asBuffer(frame)),
    createDecompress: undefined,
  };
}

let known: ZstdProvider | undefined = builtIn();
let tried = false;

/** Where modules have `require` (CommonJS, or a bundle that makes one) the package is there at the first question. */
function requirePackage(): ZstdProvider | undefined {
  if (tried || typeof require !== "function") return undefined;
  tried = true;
  try {
    return fromPackage(require("@toondepauw/node-zstd"), require("@toondepauw/node-zstd/package.json"));
  } catch {
    return undefined;
  }
}

/**
 * Looks for a zstd implementation: Node's own (22.15 and later), else the optional package `@toondepauw/node-zstd`.
 * Says whether there is one. Call it once before `zstdAvailable` or `zstdCodec` where modules have no `require`.
 */
export async function loadZstd(): Promise<boolean> {
  known ??= requirePackage();
  if (known !== undefined) return true;
  try {
    const module: { readonly default?: unknown } = await import("@toondepauw/node-zstd");
    const manifest: { readonly default?: unknown } = await import("@toondepauw/node-zstd/package.json", {
      with: { type: "json" },
    });
    known = fromPackage(module.default ?? module, manifest.default ?? manifest);
  } catch {
    return false;
  }
  return known !== undefined;
}

/** Whether this process can do zstd now. */
export function zstdAvailable(): boolean {
  known ??= requirePackage();
  return known !== undefined;
}

/** The implementation in use; throws `unsupported` when there is none. */
export function zstdProvider(): ZstdProvider {
  if (zstdAvailable() && known !== undefined) return known;
  throw new ImgbuildError("unsupported", "Cannot use zstd: neither Node nor an installed package has it", {
    hint: "Use Node 22.15 or later, or install the package @toondepauw/node-zstd",
  });
}

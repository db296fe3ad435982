import { createHash } from "node:crypto";
import { ImgbuildError } from "@imgbuild/errors";
import { type DiffId, type Digest, digestFromSha256, ociLayerType } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { decompressStream } from "@imgbuild/tar";
import type { LayerData } from "./layer-data.ts";
import { invalidArchive } from "./members.ts";
import { SNIFF_SIZE, sniff, withHead } from "./sniff.ts";
import { storeTarAsLayer } from "./store-tar.ts";

/** What an archive promises of a layer. */
export interface ExpectedLayer {
  /** Uncompressed, as the config says. */
  readonly diffId: DiffId;
  /** As stored; undefined where the archive does not say. */
  readonly digest?: Digest | undefined;
  readonly size?: number | undefined;
  /** For messages: the archive in quotes, and the layer in it. */
  readonly label: string;
  readonly path: string;
}

/**
 * Stores a layer of an archive: a plain tar is cut into blocks, a compressed one is kept byte for byte. Everything that the
 * archive promises is checked first; a promise that does not hold throws `integrity`, and nothing is stored.
 */
export async function storeBaseLayer(
  store: Store,
  content: AsyncIterable<Uint8Array>,
  expected: ExpectedLayer,
): Promise<LayerData> {
  const seal = new Seal(content);
  const { head, rest } = await withHead(seal.bytes(), SNIFF_SIZE);
  const kind = sniff(head);
  if (kind === "xz" || kind === "bzip2") {
    await rest.return(undefined);
    throw new ImgbuildError("unsupported", `Cannot read layer "${expected.path}" of ${expected.label}: it is ${kind}`, {
      hint: "Convert the image, for example with `skopeo copy`",
    });
  }
  if (kind !== "gzip" && kind !== "zstd") {
    const layer = await storeTarAsLayer(store, rest);
    seal.check(expected);
    checkDiffId(layer.diffId, expected);
    if (expected.digest === undefined || expected.digest === layer.diffId) return layer;
    throw new ImgbuildError(
      "integrity",
      `Cannot use layer "${expected.path}" of ${expected.label}: its digest is ${layer.diffId}, its descriptor says ${expected.digest}`,
    );
  }
  return storeCompressed({ store, seal, rest, mediaType: ociLayerType(kind) }, expected);
}

interface Compressed {
  readonly store: Store;
  readonly seal: Seal;
  readonly rest: AsyncIterable<Uint8Array>;
  readonly mediaType: string;
}

async function storeCompressed(from: Compressed, expected: ExpectedLayer): Promise<LayerData> {
  const { store, seal, rest, mediaType } = from;
  const writer = store.blobs.writer();
  try {
    const kept = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const piece of rest) {
        writer.write(piece);
        yield piece;
      }
    };
    const tar = createHash("sha256");
    let size = 0;
    for await (const piece of decompressStream(kept())) {
      tar.update(piece);
      size += piece.length;
    }
    seal.check(expected);
    const diffId = digestFromSha256(tar.digest("hex")) as DiffId;
    checkDiffId(diffId, expected);
    const blob = writer.commit(expected.digest);
    return { kind: "blob", diffId, size, mediaType, digest: blob.digest, blobSize: blob.size };
  } finally {
    writer.abort();
  }
}

function checkDiffId(diffId: DiffId, { diffId: wanted, label, path }: ExpectedLayer): void {
  if (diffId === wanted) return;
  throw new ImgbuildError(
    "integrity",
    `Cannot use layer "${path}" of ${label}: its diffID is ${diffId}, the config says ${wanted}`,
    { hint: "Fetch or export the archive again" },
  );
}

/** Counts the bytes of a layer as they are in the archive. Their digest is checked where they end: by diffID or blob. */
class Seal {
  readonly #source: AsyncIterable<Uint8Array>;
  #size = 0;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of this.#source) {
      this.#size += piece.length;
      yield piece;
    }
    this.#ended = true;
  }

  check({ size, label, path }: ExpectedLayer): void {
    if (!this.#ended) throw invalidArchive(label, `layer "${path}" has bytes after its end`);
    if (size === undefined || size === this.#size) return;
    throw new ImgbuildError(
      "integrity",
      `Cannot use layer "${path}" of ${label}: it has ${this.#size} bytes, its descriptor says ${size}`,
    );
  }
}

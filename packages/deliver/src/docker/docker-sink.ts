import { ImgbuildError } from "@imgbuild/errors";
import { writeDockerArchive } from "@imgbuild/image";
import type { DiffId } from "@imgbuild/oci";
import type { Store } from "@imgbuild/store";
import { countLayers, type Deliverable, type Delivered, type DeliverOptions, type Sink } from "../sink.ts";
import { imagesForDaemon } from "./daemon-platform.ts";
import { DockerClient, type DockerTls } from "./docker-client.ts";
import { loadFailure } from "./docker-errors.ts";
import { parseDockerHost } from "./docker-host.ts";
import { inspectImage, loadArchive, tagImage } from "./docker-images.ts";
import { familiarName } from "./docker-name.ts";
import { knownLayers } from "./known-layers.ts";

/** Which daemon, and what may be there. */
export interface DockerSinkOptions {
  readonly store: Store;
  /** As in DOCKER_HOST: `unix:///var/run/docker.sock`, `tcp://host:2375`. */
  readonly host: string;
  /** Client certificates; given means that a tcp host speaks TLS. */
  readonly tls?: DockerTls | undefined;
  /** IDs of images that were loaded before and may have layers in common. The daemon is asked about each. */
  readonly hints?: readonly string[] | undefined;
}

/**
 * Loads images into a Docker daemon. An image that it has is only named; of others it gets the layers that it lacks, in one
 * archive, and the whole archive when it does not accept a part (containerd's image store; layers pruned meanwhile).
 * Of an index it gets the image for its own platform. What it has afterwards is checked. Throws `unavailable` without a daemon, `refused` with the daemon's own words,
 * `integrity` when it has another image under a name afterwards.
 */
export function dockerSink(options: DockerSinkOptions): Sink {
  return {
    name: `docker at ${options.host}`,
    deliver: async (images, how) => {
      const client = new DockerClient(parseDockerHost(options.host, options.tls !== undefined), options.tls);
      try {
        return await new Loading(client, options, how).run(await imagesForDaemon(client, images, how.signal));
      } finally {
        client.close();
      }
    },
  };
}

class Loading {
  readonly #client: DockerClient;
  readonly #options: DockerSinkOptions;
  readonly #how: DeliverOptions;
  #bytes = 0;

  constructor(client: DockerClient, options: DockerSinkOptions, how: DeliverOptions) {
    this.#client = client;
    this.#options = options;
    this.#how = how;
  }

  async run(images: readonly Deliverable[]): Promise<Delivered> {
    const there = await Promise.all(images.map((image) => this.#nameExisting(image)));
    const missing = images.filter((_, i) => !there[i]);
    const layersSent = missing.length === 0 ? 0 : await this.#load(missing);
    await Promise.all(missing.map((image) => this.#check(image)));
    return { bytes: this.#bytes, layersSent, layersSkipped: countLayers(images) - layersSent, complete: true };
  }

  /** Names an image that the daemon has; says whether it has it. */
  async #nameExisting({ data, references }: Deliverable): Promise<boolean> {
    const { signal } = this.#how;
    const found = await inspectImage(this.#client, data.config, signal);
    if (found?.id !== data.config) return false;
    for (const reference of references.map(familiarName)) {
      if (!found.repoTags.includes(reference)) await tagImage(this.#client, data.config, { reference, signal });
    }
    return true;
  }

  /** Gives the number of layers sent. */
  async #load(images: readonly Deliverable[]): Promise<number> {
    const { signal } = this.#how;
    const skip = await knownLayers(this.#client, images, { hints: this.#options.hints ?? [], signal });
    const failure = await this.#send(images, skip);
    if (failure === undefined) return countLayers(images) - skip.size;
    const again = skip.size === 0 ? failure : await this.#send(images, new Set());
    if (again === undefined) return countLayers(images);
    const names = images.map(({ data, references }) => references[0] ?? data.config).join('", "');
    throw new ImgbuildError(
      /no space left on device/.test(again) ? "disk-full" : "refused",
      `Cannot load "${names}" into Docker: the daemon says "${again}"`,
    );
  }

  /** Gives the daemon's words when it refuses. */
  async #send(images: readonly Deliverable[], skipLayers: ReadonlySet<DiffId>): Promise<string | undefined> {
    const { signal, progress } = this.#how;
    const onBytes = (bytes: number): void => {
      this.#bytes += bytes;
      progress?.(this.#bytes);
    };
    const named = images.map(({ data, references }) => ({ data, references: references.map(familiarName) }));
    // Not compressed: a daemon on this machine reads plain layers fastest, and every daemon reads them.
    const compressor = { algorithm: "none" } as const;
    const archive = writeDockerArchive({
      images: named,
      store: this.#options.store,
      compressor,
      skipLayers,
      signal,
      onBytes,
    });
    return loadFailure(await loadArchive(this.#client, archive, signal));
  }

  /** The ID of an image in containerd's store is its manifest's digest; its layers are the same. */
  async #check({ data, references }: Deliverable): Promise<void> {
    const wanted = data.layers.map(({ diffId }) => diffId).join(" ");
    for (const name of references.length === 0 ? [data.config] : references.map(familiarName)) {
      const found = await inspectImage(this.#client, name, this.#how.signal);
      if (found?.id === data.config || found?.layers.join(" ") === wanted) continue;
      const what = found === undefined ? "it has no such image" : `it has the image ${found.id} under that name`;
      throw new ImgbuildError(
        "integrity",
        `Cannot trust Docker with "${name}": after loading ${data.config}, ${what}`,
        {
          hint: "Run the command again; something else may have loaded or removed an image of this name meanwhile",
        },
      );
    }
  }
}

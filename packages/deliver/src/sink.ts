import type { NamedImage } from "@imgbuild/image";

/** An image to deliver, and the names (`name:tag`) that it gets there; or an index of images. */
export type Deliverable = NamedImage;

/** How a delivery is stopped and watched. */
export interface DeliverOptions {
  readonly signal: AbortSignal;
  /** Told the bytes handed over so far. */
  readonly progress?: ((bytes: number) => void) | undefined;
}

/** What a delivery did. */
export interface Delivered {
  /** Bytes handed over; 0 when the target had everything. */
  readonly bytes: number;
  /** Layers whose bytes were handed over, and layers that the target had already. A layer of several images counts once. */
  readonly layersSent: number;
  readonly layersSkipped: number;
  /** False when the reader went away before the end, which is its right (`imgbuild stream | head`). */
  readonly complete: boolean;
}

/**
 * A place where images go. `deliver` asks the place itself what it has, never a memory of earlier runs; when it throws, the
 * place is as before or as far as it documents. Cancelling through the signal throws the signal's reason.
 */
export interface Sink {
  /** For messages: `archive "x.tar"`, `docker at unix:///run/docker.sock`. */
  readonly name: string;
  deliver(images: readonly Deliverable[], options: DeliverOptions): Promise<Delivered>;
}

/** The layers of some images, each once. */
export function countLayers(images: readonly Deliverable[]): number {
  return new Set(images.flatMap((image) => layersOf(image))).size;
}

function layersOf({ data, platforms }: Deliverable): string[] {
  return (platforms ?? [data]).flatMap(({ layers }) => layers.map(({ diffId }) => diffId));
}

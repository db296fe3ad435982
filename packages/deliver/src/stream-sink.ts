import type { Writable } from "node:stream";
import { fromUnknown, systemCode } from "@imgbuild/errors";
import { type ArchiveOptions, archiveBytes } from "./archive-bytes.ts";
import { countLayers, type Sink } from "./sink.ts";

/** Where a stream goes. */
export interface StreamOptions extends ArchiveOptions {
  /** Is not ended: who opened it closes it. */
  readonly output: Writable;
}

/**
 * Writes an archive to a stream as fast as it is read. A reader that goes away ends the delivery without an error
 * (`complete` is false); nothing more is made then.
 */
export function streamSink(options: StreamOptions): Sink {
  return {
    name: `${options.format} to a stream`,
    deliver: async (images, { signal, progress }) => {
      const pipe = new Pipe(options.output, signal);
      let bytes = 0;
      try {
        for await (const piece of archiveBytes(images, { ...options, signal })) {
          if (!(await pipe.write(piece))) return { bytes, layersSent: 0, layersSkipped: 0, complete: false };
          bytes += piece.length;
          progress?.(bytes);
        }
        return { bytes, layersSent: countLayers(images), layersSkipped: 0, complete: true };
      } catch (error) {
        if (signal.aborted) throw error;
        throw fromUnknown(error, "Cannot write the stream");
      } finally {
        pipe.release();
      }
    },
  };
}

/** A writable whose failures are seen at the next write. */
class Pipe {
  readonly #output: Writable;
  readonly #signal: AbortSignal;
  #failure: Error | undefined;
  readonly #onError = (error: Error): void => {
    this.#failure ??= error;
  };

  constructor(output: Writable, signal: AbortSignal) {
    this.#output = output;
    this.#signal = signal;
    output.on("error", this.#onError);
  }

  /** Waits until the bytes are handed over. False when the reader is gone; throws any other failure. */
  async write(bytes: Uint8Array): Promise<boolean> {
    this.#signal.throwIfAborted();
    if (this.#failure === undefined && !this.#output.destroyed) await this.#handOver(bytes);
    this.#signal.throwIfAborted();
    if (this.#failure === undefined) return !this.#output.destroyed;
    if (["EPIPE", "ERR_STREAM_DESTROYED", "ECONNRESET"].includes(codeOf(this.#failure))) return false;
    throw this.#failure;
  }

  release(): void {
    // The failure of a write is emitted after its callback; a listener must still be there to take it.
    setImmediate(() => this.#output.off("error", this.#onError));
  }

  #handOver(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#output.off("close", finish);
        this.#signal.removeEventListener("abort", finish);
        resolve();
      };
      this.#output.once("close", finish);
      this.#signal.addEventListener("abort", finish, { once: true });
      this.#output.write(bytes, (error) => {
        if (error !== null && error !== undefined) this.#failure ??= error;
        finish();
      });
    });
  }
}

function codeOf(error: Error): string {
  return systemCode(error) ?? String((error as NodeJS.ErrnoException).code);
}

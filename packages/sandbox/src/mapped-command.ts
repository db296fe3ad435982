import type { Readable, Writable } from "node:stream";
import { ImgbuildError } from "@imgbuild/errors";
import type { Abilities } from "./abilities.ts";
import { startMapped } from "./start-mapped.ts";

/** How a helper program went. */
export interface CommandEnd {
  readonly code: number | null;
  readonly stderr: string;
}

/** What is done with a helper's streams while it runs. */
export interface CommandStreams {
  /** Writes its input and ends it. */
  readonly feed?: ((stdin: Writable) => Promise<void>) | undefined;
  /** Reads its output. */
  readonly drain?: ((stdout: Readable) => Promise<void>) | undefined;
  readonly signal: AbortSignal;
  readonly cwd: string;
}

const MAX_ERRORS = 8192;

/** Runs a trusted helper (tar, rm) as root of the mapped ids. A failure of `feed` or `drain` ends it and is thrown. */
export async function mappedCommand(
  abilities: Abilities,
  argv: readonly string[],
  streams: CommandStreams,
): Promise<CommandEnd> {
  const { feed, drain, signal, cwd } = streams;
  const { child, status, ready } = startMapped(abilities, argv, {
    stdio: [feed === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    namespaces: [],
    cwd,
  });
  let stderr = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    if (stderr.length < MAX_ERRORS) stderr += bytes.toString("utf8");
  });
  child.stdin?.on("error", () => undefined);
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  // Awaited below; a failure before that must not count as unhandled.
  closed.catch(() => undefined);
  const stop = () => child.kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  try {
    await ready;
    status.resume();
    const { stdin, stdout } = child;
    if (drain === undefined) stdout?.resume();
    const fed = feed === undefined || stdin === null ? undefined : feed(stdin).finally(() => stdin.end());
    const drained = drain === undefined || stdout === null ? undefined : drain(stdout);
    await Promise.all([fed, drained]);
    const code = await closed;
    if (signal.aborted) throw new ImgbuildError("cancelled", "Cancelled while files of a sandbox were moved");
    return { code, stderr: stderr.trim() };
  } catch (error) {
    stop();
    await closed.catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Writes pieces to a stream as fast as its reader takes them; stops quietly when the reader is gone. */
export async function writeAll(
  stream: Writable,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  for await (const piece of pieces) {
    if (stream.destroyed || !stream.writable) return;
    if (stream.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const go = () => {
        stream.off("drain", go);
        stream.off("close", go);
        resolve();
      };
      stream.once("drain", go);
      stream.once("close", go);
    });
  }
}

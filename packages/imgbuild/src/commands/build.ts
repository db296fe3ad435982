import { relative, resolve } from "node:path";
import { archiveFileSink, layoutSink, type Sink } from "@imgbuild/deliver";
import { type Compression, codecFor } from "@imgbuild/tar";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import type { BuiltTarget } from "../session/build-targets.ts";
import { parseCompression } from "../session/compression.ts";
import { deliverImages } from "../session/deliver-images.ts";
import { printResults } from "../session/print-results.ts";
import { runBuildCommand } from "../session/run-command.ts";
import type { Session } from "../session/session.ts";

/** `imgbuild build`: builds; with `-o` writes the images to a file or directory. */
export function runBuild(flags: Flags, host: Host): Promise<number> {
  const asked = flags.compression === undefined ? undefined : parseCompression(flags.compression);
  return runBuildCommand(flags, host, {
    name: "build",
    codec: flags.output === undefined ? undefined : () => codecFor(asked ?? { algorithm: "gzip" }),
    after: async (session, targets) => {
      if (flags.output !== undefined) {
        const path = resolve(session.cwd, flags.output);
        const sink = outputSink(session, { path, compression: asked ?? compressionOf(targets) });
        await deliverImages(session, targets, { sink, destination: relative(session.cwd, path) || "." });
      }
      printResults(session, targets);
      return 0;
    },
  });
}

/** The compressor of the first image: an archive has one. */
export function compressionOf(targets: readonly BuiltTarget[]): Compression {
  return parseCompression(targets.find((each) => each.target.image !== null)?.target.image?.compressor ?? "gz");
}

function outputSink(session: Session, to: { readonly path: string; readonly compression: Compression }): Sink {
  const { flags, store } = session;
  if (flags.format === "oci-layout") return layoutSink({ store, dir: to.path, compression: to.compression });
  return archiveFileSink({ store, file: to.path, format: flags.format, compressor: to.compression });
}

import { relative, resolve } from "node:path";
import { archiveFileSink, layoutSink, type Sink } from "@imgbuild/deliver";
import { ImgbuildError } from "@imgbuild/errors";
import type { Target } from "@imgbuild/graph";
import { type Compression, codecFor } from "@imgbuild/tar";
import type { Flags } from "../cli/parsed-flags.ts";
import type { Host } from "../host.ts";
import { parseCompression } from "../session/compression.ts";
import { deliverImages } from "../session/deliver-images.ts";
import { printResults } from "../session/print-results.ts";
import { runBuildCommand } from "../session/run-command.ts";
import type { Session } from "../session/session.ts";

/** `imgbuild build`: builds; with `-o` writes the images to a file or directory. */
export function runBuild(flags: Flags, host: Host): Promise<number> {
  if (flags.output !== undefined && /(^|\/)-$/.test(flags.output)) {
    throw new ImgbuildError("usage", `Cannot write to "${flags.output}": a file of that name is not what is wanted`, {
      hint: "Run `imgbuild stream` to write an archive to stdout",
    });
  }
  const asked = flags.compression === undefined ? undefined : parseCompression(flags.compression);
  return runBuildCommand(flags, host, {
    name: "build",
    codec: flags.output === undefined ? undefined : (targets) => codecFor(asked ?? compressionOf(targets)),
    after: async (session, targets) => {
      if (flags.output !== undefined) {
        const path = resolve(session.cwd, flags.output);
        const sink = outputSink(session, {
          path,
          compression: asked ?? compressionOf(targets.map((each) => each.target)),
        });
        await deliverImages(session, targets, {
          sink,
          kind: session.flags.format,
          destination: relative(session.cwd, path) || ".",
        });
      }
      printResults(session, targets);
      return 0;
    },
  });
}

/** The compressor of the first image: an archive has one. */
export function compressionOf(targets: readonly Target[]): Compression {
  return parseCompression(targets.find((each) => each.image !== null)?.image?.compressor ?? "gz");
}

function outputSink(session: Session, to: { readonly path: string; readonly compression: Compression }): Sink {
  const { flags, store } = session;
  if (flags.format === "oci-layout") return layoutSink({ store, dir: to.path, compression: to.compression });
  return archiveFileSink({ store, file: to.path, format: flags.format, compressor: to.compression });
}
